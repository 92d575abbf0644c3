"""Pipeline health.

``status``          stack, images, queues and errors
``actions``         what an operator should do about them
``watch``           the status again and again, across lost connections
``oldest_message``  the age of a queue's oldest message
"""
