"""BMP.

``file``     headers, palette and rows
``rle``      run-length codes
``palette``  palette pictures
``metadata`` bytes besides headers, palette and rows
``writer``   from a source's bytes to the watermarked copy
"""
