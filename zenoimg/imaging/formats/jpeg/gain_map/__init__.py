"""HDR gain maps: a small second JPEG after the picture that says how much brighter each part is on an HDR screen.

``source``      finds the map in a file: which of the further pictures it is, and what declares it
``metadata``    the meaning of its codes: ISO 21496-1, XMP (``fields`` reads it), Apple's
``coverage``    the mark in the map's samples
``gains``       codes under the mark, so that the mark is as bright in HDR as in SDR
``undershoot``  keeps a hard edge from ringing into the mark if the lowest code is a gain of 1
``editing``     turns a source's map into the map of a copy
``stating``     writes the metadata of a map that does not come from a JPEG
``container``   declares the map in a copy: MPF (``directory``), ISO's version, XMP
"""
