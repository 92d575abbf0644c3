"""Reprocess images.

``run``           dead letters, selection, queue or this process, and the wait
``here``          the work done in this process
``backfill``      the backfill queue
``pending_keys``  keys that were sent and have no result yet
``waiting``       which keys have their result
``redrive``       dead letters of both lanes, sent again
``estimate``      what a reprocess would cost
``watch``         how the queue shrinks
"""
