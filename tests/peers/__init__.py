"""Check copies with other people's programs. Those from npm are in ``.peers`` (``make peers``)."""
