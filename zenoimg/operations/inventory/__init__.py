"""Originals, copies and records compared.

``selection``  which images to reprocess
``audit``      every disagreement between buckets and table
``orphans``    records without an original or a copy
"""
