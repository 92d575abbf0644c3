"""The commands' access to AWS.

``session``   one boto3 session, with clients created when first needed
``platform``  differences between AWS and the embedded AWS
``errors``    explains the failure of any call

What a response means (missing, denied, throttled …) is decided in ``zenoimg.pipeline.calls.service``, which ships in
the functions.
"""
