"""The command line.

``app``         the list of commands, and the entry point
``framework/``  from a function to a command: global options, errors and exit codes, sessions
``commands/``   one module for each command: parse and check into options, run an operation, render its result
``terminal/``   how results look
"""
