"""``python -m tests.recorded_command FILE ARGUMENTS``: run the real command; its calls to AWS are written to FILE."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.api_calls import recorded
from zenoimg.cli.app import main

with recorded() as calls:
    path = Path(sys.argv.pop(1)).absolute()
    try:
        main()
    finally:
        calls.save(path)
