"""The terminal: one file a command; each parses, calls ``zenoimg.operations`` and draws what comes back."""
