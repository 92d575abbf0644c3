"""Log events of the functions.

``tail``         the work of ``tail-logs``: options, log groups, filtered lines
``lines``        parses and filters events
``invocations``  the request that an event belongs to
``follow``       reads events once, or follows them without losing or repeating any
``live_tail``    CloudWatch Logs Live Tail
"""
