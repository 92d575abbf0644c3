"""AWS as commands see it.

``session``  one boto3 session, clients made when first needed, errors explained in words
"""
