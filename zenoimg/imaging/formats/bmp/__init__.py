"""BMP.

``file``     headers, palette and rows
``rle``      run-length codes
``palette``  palette pictures
``metadata`` bytes other than headers, palette and rows
``writer``   turns a source's bytes into the watermarked copy
"""
