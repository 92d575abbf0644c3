"""Examine everything that zenoimg needs, on this machine and on AWS, and name the remedy for what is wrong.

``checks``     what a check says, and how an error becomes one
``installed``  packages, their versions and the extras
``machine``    settings, recipe, limits, embedded AWS
``deployed``   region, credentials, the stack and its parts, queues and dead letters
``run``        all of them in their order

Nothing is changed. The rules are those of the commands: a check calls what they call and reports what that raises.
"""
