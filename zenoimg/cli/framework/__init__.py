"""What turns a function into a command.

``command``     global options, and the boundary where errors become exit codes
``lazy``        commands that are imported when they are called
``session``     from global options to settings, the embedded AWS and an AWS session
``completion``  shell completion of image ids and stack names
``overview``    the help of ``zenoimg`` itself
"""
