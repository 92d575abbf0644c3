"""Pipeline health.

``status``          stack, images, queues, errors, and the required actions
``watch``           the status again and again, across lost connections
``oldest_message``  the age of a queue's oldest message
"""
