"""Roll a watermark out to stored images, and take it back.

``canary``   the share of the images that gets the new mark first
``run``      what is to be reprocessed: canary, rest, what a recipe that was taken back has made
``review``   the canary's images after the reprocess
``back``     the plan that puts the previous version back

A rollout stores nothing: the stack's parameters name the versions, records and copies name their recipes.
"""
