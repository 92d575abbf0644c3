"""Reprocess images.

``run``           one request: dead letters, selection, queue or this process, and the wait
``here``          results, and reprocessing in this process
``backfill``      the backfill queue
``pending_keys``  keys that were sent and have no result yet
``waiting``       which keys have their result
``redrive``       dead letters of both lanes, sent again
``estimate``      compute time of a reprocess
``watch``         the queue watched until it is empty
"""
