"""Calling AWS.

``service``  what its responses mean, and the owner guard of every S3 call
``retries``  which calls are retried, and for how long
``threads``  thread pools that end within a second when a run is interrupted
"""
