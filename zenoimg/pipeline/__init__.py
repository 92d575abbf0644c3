"""The pipeline on AWS; ships in the functions.

``reconcile``  brings the copy and record of one key up to date; everything else builds on it
``tools``      its dependencies; ``outcome`` is its result
``verdict``    its rules about records, with ``descriptions``, as pure functions
``storage``    originals and copies in S3, through ``objects``: bodies, encodings, headers
``catalog``    records in DynamoDB, many at a time through ``items``; ``records`` is their schema
``events``     parses AWS's events into keys
``settings``   names of a deployed pipeline; ``deployed_recipe`` is its recipe, ``recipes`` those by prefix
``calls``      interprets AWS's responses; retries; thread pools

It depends on boto3 and ``zenoimg.imaging``, but not on terminals or stacks.
"""
