"""Delete images, data and stacks.

``delete``        originals of single images
``retention``     how long S3 keeps old versions
``destroy``       a stack
``queued``        messages that are lost with a stack
``destroy_data``  a stack's buckets, table and zips
``purge``         all versions of all objects of a bucket
"""
