"""The command line.

``app``         the list of commands, and the entry point
``framework/``  from a function to a command: global options, errors and exit codes, sessions
``commands/``   one module per command: parse and validate into options, run an operation, render its result
``terminal/``   formats results
"""
