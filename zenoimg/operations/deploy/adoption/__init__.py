"""Buckets and tables that exist already: who owns them, and what a deploy would change.

``look``    reads the settings of a bucket or table
``decide``  adopts what is ours or what the operator names; stops the deploy otherwise
"""
