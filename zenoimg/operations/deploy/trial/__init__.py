"""Try a new recipe before it is deployed.

``recipe_changes``  what differs from the deployed recipe, in words
``sample``          the stored images to try it on
``run``             draws them and says what would be refused
"""
