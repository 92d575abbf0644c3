"""Other people's programs as judges of our copies. What comes from npm stands in ``.peers`` (``make peers``)."""
