"""One module per command: parse, validate into options, call an operation, render its result."""
