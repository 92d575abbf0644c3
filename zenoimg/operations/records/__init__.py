"""Read records.

``listing``       from the table by the cheapest index, or through the HTTP API
``api``           signed calls of the HTTP API
``image_ids``     which strings can be an image id
``missing_copy``  why an image has no copy
"""
