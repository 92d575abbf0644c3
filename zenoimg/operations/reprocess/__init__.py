"""Reprocess images.

``run``           one request: dead letters, selection, queue or this process, and the wait
``here``          results, and reprocessing in this process
``backfill``      sends keys to the backfill queue
``pending_keys``  keys that were sent and have no result yet
``waiting``       waits for the results of sent keys
``redrive``       sends the dead letters of both lanes again
``estimate``      estimates the compute time of a reprocess
``watch``         watches the queue until it is empty
"""
