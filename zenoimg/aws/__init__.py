"""AWS as commands see it.

``session``   one boto3 session, with clients made when they are first needed
``platform``  what AWS and the embedded AWS do differently
``errors``    every failure of a call in words

What an answer means (missing, denied, throttled …) is decided in ``zenoimg.pipeline.calls.service``, which ships in
the functions.
"""
