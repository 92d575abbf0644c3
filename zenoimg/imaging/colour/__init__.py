"""Colour management, so that a mark is shown in the requested colours.

A mark's colours are specified in sRGB, or in the colour space of its logo. They are converted to the picture's colour
space once, relative colorimetric with black point compensation.

``curves``      from sample values to light and back
``primaries``   chromaticities and matrices
``spaces``      the kinds of colour spaces: RGB or grey with curves, inks without a profile, profiles with tables
``icc``         which of them an ICC profile describes
``transforms``  the colour engine (ImageCms), only for profiles with tables
``tags``        what a file says about its colour space, and which statement takes precedence
``inks``        a mark's colours as samples of a picture
"""
