"""Files that commands write.

``choice``     what an --output means: stdout, a file or a folder
``targets``    which path each image gets
``directory``  files written into a directory and never outside of it
"""
