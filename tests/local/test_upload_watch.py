"""``upload --watch`` on the embedded AWS: new photos are processed, and a restart loses and repeats none."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.drawn.pictures import jpeg, photo
from tests.local.bench import ORIGINALS, Bench

pytestmark = [pytest.mark.local, pytest.mark.thorough]


@contextmanager
def watching(bench: Bench) -> Iterator[subprocess.Popen[str]]:
    """Run the real command; it is interrupted at the end, which it treats as a normal end."""
    command = [sys.executable, "-m", "zenoimg", "upload", "--watch", "hot", "--prefix", "hot/"]
    running = subprocess.Popen(
        command, cwd=bench.folder, env=bench.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        yield running
    finally:
        running.send_signal(signal.SIGINT)
        _, messages = running.communicate(timeout=60)
    assert running.returncode == 130, messages
    assert "Traceback" not in messages


def test_new_photos_are_processed_and_a_restart_repeats_none(bench: Bench) -> None:
    pytest.importorskip("watchfiles", reason="the extra watch")
    pictures = [jpeg(photo((96, 64), "RGB", seed=number)) for number in range(3)]
    bench.write("hot/before.jpg", pictures[0])
    with watching(bench):
        bench.until(lambda: "hot/before.jpg" in bench.copies(), "what was there is processed")
        bench.write("hot/.tmp", pictures[1]).rename(bench.folder / "hot" / "renamed.jpg")
        bench.until(lambda: "hot/renamed.jpg" in bench.copies(), "what is renamed in is processed")
    bench.write("hot/meanwhile.jpg", pictures[2])
    with watching(bench):
        bench.until(lambda: "hot/meanwhile.jpg" in bench.copies(), "what came meanwhile is processed")
    listed = bench.client("s3").list_object_versions(Bucket=ORIGINALS, Prefix="hot/")["Versions"]
    assert sorted(each["Key"] for each in listed) == ["hot/before.jpg", "hot/meanwhile.jpg", "hot/renamed.jpg"]
