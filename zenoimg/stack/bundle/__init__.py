"""The zips of a deploy.

``sources``             the directories to pack, in a checkout or an installed wheel
``artifact``            one zip, reproducible, identified by its SHA-256
``functions``           zip of the functions' code
``recipe``              layer with the recipe, its logo and its font
``packages_installed``  layer of packages from this Python, for the embedded AWS
``packages_wheels``     layer of packages from wheels of the target platform, for AWS
``store``               S3 bucket that holds the zips
"""
