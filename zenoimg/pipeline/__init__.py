"""What the pipeline means on AWS; ships in the functions.

``reconcile``  make copy and record of one key right: the rule that everything rests on
``tools``      what it works with; ``verdict`` and ``descriptions`` are its rules about records, as pure functions
``storage``    originals and copies in S3; ``bodies`` reads and verifies bytes, ``encodings`` unpacks them, ``headers``
               decides what a copy takes over from its original
``catalog``    records in DynamoDB; ``records`` is their schema, ``by_day``, ``parallel`` and ``plain_items`` read many
``events``     from what AWS delivers to keys
``settings``   names of a deployed pipeline; ``deployed_recipe`` is its recipe
``service``    what answers of AWS mean; ``retries`` what is tried again; ``threads`` pools that end in time

It knows boto3 and ``zenoimg.imaging``, and nothing of terminals or stacks.
"""
