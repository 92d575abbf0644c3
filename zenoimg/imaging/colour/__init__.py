"""What the numbers of a picture mean as colours, so that a mark is shown in the colours that were asked for.

A mark is asked for in sRGB, or in the colour space of its logo. It is brought into the picture's colour space once,
relative colorimetric with black point compensation.

``curves``      from stored numbers to light and back
``primaries``   chromaticities and matrices
``spaces``      the kinds of colour spaces: RGB or grey by curves, inks without a profile, profiles with tables
``icc``         which of them an ICC profile describes
``transforms``  the colour engine (ImageCms), for profiles with tables alone
``tags``        what a file says of its colour space, and which statement counts
``inks``        a mark's colours as samples of a picture
"""
