"""What runs in the helper process: libjpeg by ctypes, without Pillow and without the packages around this one.

``messages``  requests and answers, which both processes import
``layouts``   libjpeg's structs
``libjpeg``   its functions, and objects that decode and encode
``selftest``  whether a library has these layouts
``picture``   the coefficients of one picture: crop, replace, write
``serve``     what answers requests
"""
