"""Originals, copies and records compared.

``images``     the images that a command's selectors select
``selection``  which images to reprocess, by their state
``audit``      every disagreement between buckets and table
``orphans``    records without an original or a copy
"""
