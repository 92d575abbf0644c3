"""Pipeline health.

``status``          stack, images, queues and errors
``actions``         what an operator should do about them
``parts``           which parts of the pipeline are broken
``watch``           repeated status, across lost connections
``recent_errors``   how often the functions failed in the last hour
``metrics``         CloudWatch metrics
``console``         the URL of the dashboard
``oldest_message``  the age of a queue's oldest message
"""
