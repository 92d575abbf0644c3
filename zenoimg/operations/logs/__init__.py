"""Log events of the functions.

``tail``         what ``tail-logs`` shows: options, log groups, filtered lines
``lines``        an event parsed; filters
``invocations``  the request that an event belongs to
``follow``       events read once, or followed without losing or repeating one
``live_tail``    CloudWatch Logs Live Tail
"""
