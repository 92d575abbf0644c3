"""Dead letters: messages of both lanes that failed permanently.

``letter``     parse a message of the dead-letter queue
``receiving``  receive, release and delete letters
``survey``     list and find letters, which stay in the queue
``discard``    delete letters permanently
"""
