"""Calling AWS.

``service``  what its answers mean, and the owner guard of every S3 call
``retries``  what is sent again, and for how long
``threads``  pools of threads that end within a second when a run is interrupted
"""
