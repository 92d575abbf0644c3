"""The zips of a deploy.

``shipped``       where the sources are
``zips``          functions, packages layer, recipe layer
``layer_wheels``  wheels of the target platform
``artifacts``     the bucket that holds the zips
"""
