"""The code of the helper process: libjpeg through ctypes, without Pillow or the packages around this one.

``messages``  requests and answers, imported by both processes
``layouts``   libjpeg's structs
``libjpeg``   its functions, and objects that decode and encode
``selftest``  checks whether a library has these layouts
``picture``   the coefficients of one picture: crop, replace, write
``serve``     answers requests
"""
