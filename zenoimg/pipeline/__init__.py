"""What the pipeline means on AWS; ships in the functions.

``reconcile``  make copy and record of one key right: the rule that everything rests on
``tools``      what it works with; ``outcome`` is what it did
``verdict``    its rules about records, with ``descriptions``, as pure functions
``storage``    originals and copies in S3, through ``objects``: bodies, encodings, headers
``catalog``    records in DynamoDB, many of them through ``items``; ``records`` is their schema
``events``     from what AWS delivers to keys
``settings``   names of a deployed pipeline; ``deployed_recipe`` is its recipe, ``recipes`` those of prefixes
``calls``      what AWS's answers mean, what is tried again, pools of threads

It knows boto3 and ``zenoimg.imaging``, and nothing of terminals or stacks.
"""
