"""Pipeline health.

``status``          stack, images, queues, errors, and what needs action
``oldest_message``  the age of a queue's oldest message
"""
