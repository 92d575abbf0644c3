"""From a function to a command.

``call``        what a command receives in addition to its own parameters
``command``     global options, and the boundary where errors become exit codes
``lazy``        commands that are imported when they are used
``session``     from global options to settings, an AWS session and the deployed pipeline
``embedded``    the embedded AWS of this user, and what its failures mean
``completion``  shell completion of image ids and stack names
``usage``       command-line errors in our own words
``overview``    the help of ``zenoimg`` itself
"""
