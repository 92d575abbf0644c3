"""What the commands do, without terminal output: validated values in, frozen results or generators of them out.

``deploy/``, ``rollout/``, ``removal/``          the stack, a new watermark for stored images, deletion
``upload/``, ``download/``, ``gallery/``, ``records/``   photos in; copies, pages and records out
``reprocess/``, ``inventory/``, ``health/``, ``logs/``   what is missing, stale or failed, and why
``output/``                                      the files that commands write
``selectors``                                    which images a command works on
``pipeline``                                     a deployed pipeline: its names, storage and records
``configured``, ``effective_recipe``             the configured and the deployed recipe and limits
``preview``, ``completion``                      watermarks on this machine; shell completion
``content``, ``concurrency``                     comparing files with objects; parallel calls
"""
