"""The CloudFormation stack.

``names``          names of its resources
``template``       renders the template from ``template.yaml`` and ``policies/``
``bundle``         builds the zips of functions and layers
``change_set``     makes changes through CloudFormation
``outputs``        the names and URLs of a deployed stack
``read_back``      finds settings of buckets and table that differ from the template
"""
