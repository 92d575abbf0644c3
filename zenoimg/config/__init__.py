"""The settings of a command.

``load``  flags > ``ZENOIMG_*`` > ``zenoimg.toml`` > defaults
``file``  ``zenoimg.toml`` as read, with the line of every key
``keys``  the one table of keys: default, allowed values, template parameter
"""
