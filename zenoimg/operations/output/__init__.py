"""Files that commands write.

``choice``      what an --output means: stdout, a file or a folder
``targets``     which path each image gets
``directory``   files written into a directory and never outside of it
``whole_file``  one file, written whole or not at all
"""
