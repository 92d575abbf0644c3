"""Log events of the functions.

``lines``      what an event says
``follow``     read once, or followed without losing or repeating one
``live_tail``  CloudWatch Logs Live Tail
"""
