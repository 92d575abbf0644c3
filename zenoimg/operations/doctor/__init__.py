"""Check everything that zenoimg needs, on this machine and on AWS, and suggest a remedy for each problem.

``checks``     the result of a check, and how an error becomes one
``installed``  packages, their versions and the extras
``machine``    settings, recipe, limits, embedded AWS
``deployed``   region, credentials, the stack and its parts, queues and dead letters
``run``        all checks in order

Nothing is changed. The rules are those of the commands: a check calls what they call and reports what it raises.
"""
