"""HDR gain maps: a small second JPEG after the picture says how much brighter each part is on an HDR screen.

``source``     the map in a file: which of the further pictures it is, and what declares it
``metadata``   what its codes mean: ISO 21496-1, XMP (``fields`` reads it), Apple's
``coverage``   the mark in the map's samples
``gains``      codes under the mark, so that the mark is as bright in HDR as in SDR
``undershoot`` where the least code is a gain of 1: how a hard edge does not ring into the mark
``editing``    from a source's map to the map of a copy
``stating``    metadata of a map that no JPEG held before
``container``  what declares the map in a copy: MPF (``directory``), ISO's version, XMP
"""
