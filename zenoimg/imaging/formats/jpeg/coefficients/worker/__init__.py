"""What runs in the helper process: libjpeg by ctypes, without Pillow and without the packages around this one.

``messages``  requests and answers, which both processes import
``layouts``   libjpeg's structs
``libjpeg``   its functions, and objects that decode and encode
``selftest``  whether a library has these layouts
``picture``   the coefficients of one picture: crop, replace, write
``serve``     the process: one request after another until its input ends

The process is started for speed and isolation without site-packages and imports this package alone: its modules
import each other relatively and nothing else but the standard library.
"""
