"""One module for each command: parse, validate into options, call an operation, render its result."""
