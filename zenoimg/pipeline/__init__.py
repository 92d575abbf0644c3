"""What the pipeline means on AWS: records, events, storage, and the one rule that makes a key right.

Ships inside the functions, so it knows boto3 and ``zenoimg.imaging`` and nothing of terminals or stacks.
"""
