"""The CloudFormation stack.

``names``          names of its resources
``template``       the template, rendered from ``template.yaml`` and ``policies/``
``bundle``         zips of functions and layers
``change_set``     changes through CloudFormation
``outputs``        what a deployed stack reports
``read_back``      settings of buckets and table that differ from the template
"""
