"""BMP.

``file``     headers, palette and rows
``rle``      run-length codes
``palette``  palette pictures
``writer``   from a source's bytes to the watermarked copy
"""
