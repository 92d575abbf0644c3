"""The files that commands write.

``choice``     what an --output means: stdout, a file or a folder
``targets``    the path of each image
``directory``  writes files into a directory and never outside it
"""
