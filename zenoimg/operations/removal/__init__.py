"""Remove images, data, stacks.

``delete``        originals of single images
``retention``     how long S3 keeps what was deleted
``destroy``       the stack
``destroy_data``  its buckets, table and artifacts
``purge``         every version of every object of a bucket
"""
