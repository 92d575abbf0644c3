"""What runs in the HEIF helper process: pillow-heif, which decodes by libheif and libde265.

``messages``  requests and answers, which both processes import
``serve``     what answers requests
"""
