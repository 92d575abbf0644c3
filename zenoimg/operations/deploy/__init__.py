"""Deploy the stack.

``taken_names``  which names a first deploy gets
``plan``         what a deploy would change
``run``          bundle, change set, artifacts, events
``smoke``        the test of a new version
``rollback``     what was deployed before
``errors``       refusals in words
"""
