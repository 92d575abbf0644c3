"""Format results for the terminal.

``screen``       the two streams of a command; untrusted text is made printable
``render``       sizes, ages, statuses, tables
``times``        durations and times in human-readable form
``progress``     the live line of uploads and downloads
``reprocess``, ``backfill``     a reprocess run and its live line
``deploy_view``, ``plan``       a deploy and its plan
``log_text``     log lines
``pictures``     pictures in the terminal
``export``       JSON, JSON lines and CSV
"""
