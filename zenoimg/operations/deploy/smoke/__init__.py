"""The smoke test of a deployed version.

``photos``   the photos that go through the deployed function, and what should come out
``run``      uploads them and waits
``cleanup``  removes them with their copies and records
"""
