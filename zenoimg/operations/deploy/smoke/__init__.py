"""The smoke test of a deployed version.

``photos``   the photos sent through the deployed function, and the expected results
``run``      uploads them and waits
``cleanup``  removes them with their copies and records
"""
