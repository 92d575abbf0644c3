"""Roll a watermark out to stored images, and roll it back.

``canary``   the share of the images that gets the new mark first
``run``      what to reprocess: the canary, the rest, or what a withdrawn recipe has made
``review``   checks the canary's images after the reprocess
``back``     the plan that restores the previous version

A rollout stores no state of its own: the stack's parameters name the versions, and records and copies their recipes.
"""
