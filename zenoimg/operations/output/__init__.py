"""Files that commands write into a directory.

``targets``    which path each image gets
``directory``  files written into a directory and never outside of it
``whole_file`` one file, written whole or not at all
"""
