"""Files that commands write into a directory.

``targets``    which path each image gets
``directory``  written whole or not at all, never outside the directory
"""
