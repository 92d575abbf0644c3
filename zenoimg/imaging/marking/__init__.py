"""The mark: what it looks like, where it goes, and how it is drawn.

``typeface``, ``default_font``, ``logo``  the sources of its shape
``mark``        draws the mark, once per spec and size
``placement``   integer arithmetic on sizes and boxes, no pixels
``overlap``     the part of the mark that is inside a picture
``blend``       draws it on the picture's own pixels
"""
