"""Dead letters: the messages of both lanes that failed for good.

``letter``    what a message of the dead-letter queue says
``receiving`` receive, release and delete letters
``survey``    list and find letters; they stay in the queue
``discard``   delete letters for good
"""
