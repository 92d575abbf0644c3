"""Compare originals, copies and records.

``images``     the images that match a command's selectors
``selection``  which images to reprocess, by their state
``audit``      all inconsistencies between buckets and table
``orphans``    records without an original or a copy
"""
