"""Deploy through a CloudFormation change set.

``run``       create, read, execute, watch
``events``    the history of a stack
``failures``  why it failed, and the next step
"""
