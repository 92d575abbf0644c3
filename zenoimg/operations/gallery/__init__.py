"""A static page of images before and after.

``pictures``    full-size files and thumbnails that browsers can show
``files``       fetches, prepares and writes the files next to the page
``album``       the page of an album
``page/``       HTML, CSS and scripts
``run``         the whole run: records, files, page
``thumbnails``  an image before and after, for a terminal
"""
