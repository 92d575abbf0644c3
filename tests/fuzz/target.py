"""Coverage-guided fuzzing of ``watermark``: ``make fuzz``, or ``python -m tests.fuzz.target [--seconds N]``.

Anything but a copy or a refusal is a crash; libFuzzer then saves the input in the current folder (``crash-…``). Needs
atheris, which is in ``requirements/fuzz.txt``; ``make test`` does not install it.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
from pathlib import Path
from typing import Any

LIMITS = {"max_bytes": 200_000, "max_pixels": 250_000, "max_frames": 8, "max_total_pixels": 500_000}
_LONGEST_INPUT_SECONDS = 20
_MOST_MEGABYTES = 2048


def main() -> None:
    """Fuzz for a bounded time, starting from the seeds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    arguments = parser.parse_args()
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["zenoimg"]):
        imaging = importlib.import_module("zenoimg.imaging")
        identify = importlib.import_module("zenoimg.imaging.identify").identify
        importlib.import_module("zenoimg.imaging.watermarking")
    from tests.fuzz.seeds import seeds

    limits = imaging.Limits(**LIMITS)

    def test_one_input(data: bytes) -> None:
        try:
            done = imaging.watermark(data, limits=limits)
        except imaging.Refused:
            return
        if identify(done.data[:64]).format != done.format:
            raise AssertionError(f"the copy is no {done.format}")

    with tempfile.TemporaryDirectory() as corpus:
        for name, data in seeds().items():
            Path(corpus, name.replace("/", "-")).write_bytes(data)
        options = [
            f"-max_total_time={arguments.seconds}",
            f"-timeout={_LONGEST_INPUT_SECONDS}",
            f"-rss_limit_mb={_MOST_MEGABYTES}",
            f"-max_len={LIMITS['max_bytes']}",
            "-print_final_stats=1",
        ]
        atheris.Setup([sys.argv[0], corpus, *options], test_one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
