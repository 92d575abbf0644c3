"""The mark: what it looks like, where it goes, and how it is drawn.

``typeface``, ``default_font``, ``logo``  where its shape comes from
``mark``        the mark, drawn once for each spec and size
``placement``   integer arithmetic on sizes and boxes, no pixels
``overlap``     the part of the mark that lies within a picture
``blend``       draws it on the picture's own pixels
"""
