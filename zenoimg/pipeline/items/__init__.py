"""Read many records from DynamoDB.

``by_day``       newest first, from the ``by-day`` index
``parallel``     several sources of pages at once
``plain_items``  without botocore's parser, which is slow for many items
"""
