"""Buckets and tables that exist already: whose they are, and what a deploy would change of them.

``look``    reads what one has
``decide``  adopts what is ours or what the operator names; stops the deploy for anything else
"""
