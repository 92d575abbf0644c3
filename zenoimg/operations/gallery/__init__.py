"""A static page of images before and after.

``pictures``    full-size files and thumbnails that browsers can show
``files``       fetched, prepared and written next to the page
``run``         the album and its page
``page/``       HTML, CSS and scripts
``thumbnails``  an image before and after, for a terminal
"""
