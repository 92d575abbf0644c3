"""What commands do, without a screen: checked values in, frozen results or generators of them out.

``deploy/``, ``rollout/``, ``removal/``          the stack, a new watermark for stored images, deletion
``upload/``, ``download/``, ``gallery/``, ``records/``   photos in; copies, pages and records out
``reprocess/``, ``inventory/``, ``health/``, ``logs/``   what is missing, stale or failed, and why
``output/``                                      files that commands write
``selectors``                                    which images a command works on
``pipeline``                                     a deployed pipeline: its names, storage and records
``configured``, ``effective_recipe``             the configured and the deployed recipe and limits
``preview``, ``completion``                      without the pipeline: watermarks on this machine, shell completion
``content``, ``concurrency``                     files compared with objects; calls in parallel
"""
