"""The code of the HEIF helper process: pillow-heif, which decodes with libheif and libde265.

``messages``  requests and answers, imported by both processes
``serve``     answers requests
"""
