"""Change a stack through CloudFormation change sets.

``change``     what a change set would do to each resource
``lifecycle``  create, execute or discard a change set; delete a stack; wait for another change
``history``    the events of a stack
``states``     stack states that prevent a deploy
``denials``    permissions that AWS denied, and which policy grants them
``refused``    the events of a rejected change set
``failures``   why a change set or a stack failed, and the next step
"""
