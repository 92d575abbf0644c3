"""Try a new recipe before it is deployed.

``recipe_changes``  what differs from the deployed recipe, in words
``sample``          chooses stored images to try it on
``run``             watermarks them and reports refusals
"""
