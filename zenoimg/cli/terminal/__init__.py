"""How results look.

``screen``       the two streams of a command; untrusted text is made printable
``render``       sizes, ages, statuses, tables
``times``        durations and times as people type and read them
``progress``     the live line of uploads and downloads
``reprocess``, ``backfill``     a reprocess run and its live line
``deploy_view``, ``plan``       a deploy and its plan
``log_text``     log lines
``pictures``     pictures in the terminal
``export``       JSON, JSON lines and CSV
"""
