"""The output of an upload: line by line when piped, with a live line on a terminal, and the summary at the end."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ORIGINALS, PROCESSED, TABLE, Terminal, make_resources
from tests.cli.test_upload import write
from tests.terminals import written
from zenoimg.cli.terminal import uploads

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


NO_FUNCTION = "This pipeline has no function that processes them: `zenoimg reprocess --here` does it on this machine."


def test_piped_output_is_one_plain_line_per_photo_and_a_summary(no_stack: Terminal, tmp_path: Path) -> None:
    write(tmp_path / "in", "a.jpg", "b\x1b[31m.jpg")
    (tmp_path / "in" / "c.bin").write_text("no picture")
    done = no_stack.run("upload", "in", "--no-wait", "--concurrency", "1", code=1)
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert [re.sub(r"[\d.]+ k?B", "SIZE", line) for line in lines[:2]] == [
        "uploaded    a.jpg  SIZE",
        "uploaded    b\\x1b[31m.jpg  SIZE",
    ]
    assert lines[2].startswith("            note: download will need a file name")
    assert lines[3].startswith("refused     c.bin  10 B  not an image in a known format")
    assert lines[4] == "3 photos: 2 uploaded, 1 refused."
    assert lines[5:] == [NO_FUNCTION]
    assert "\x1b" not in done.stderr


def test_quiet_reports_only_photos_that_need_attention(no_stack: Terminal, tmp_path: Path) -> None:
    write(tmp_path / "in", "a.jpg")
    assert no_stack.run("--quiet", "upload", "in", "--no-wait").stderr == ""
    (tmp_path / "in" / "c.bin").write_text("no picture")
    (line,) = no_stack.run("--quiet", "upload", "in", "--no-wait", code=1).stderr.splitlines()
    assert line.startswith("refused     c.bin")


def test_after_a_long_run_photos_that_need_attention_are_listed_again_up_to_a_bound(
    no_stack: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "_LISTED", 3)
    write(tmp_path / "in", *(f"{number}.jpg" for number in range(7)))
    for number in range(5):
        (tmp_path / "in" / f"{number}.bin").write_text("no picture")
    lines = no_stack.run("upload", "in", "--no-wait", code=1).stderr.splitlines()
    assert lines[12:14] == ["12 photos: 7 uploaded, 5 refused.", "Action needed:"]
    assert lines[18:] == [NO_FUNCTION]
    assert all(line.startswith("refused") and line in lines[:12] for line in lines[14:17])
    assert lines[17].startswith("And 2 more")
    quiet = no_stack.run("--quiet", "upload", "in", "--no-wait", code=1).stderr.splitlines()
    assert [line.split()[0] for line in quiet] == ["refused"] * 3 + ["And"]


@pytest.mark.thorough
def test_on_a_terminal_a_live_line_counts_and_leaves_no_trace(moto_server: str, tmp_path: Path) -> None:
    make_resources(endpoint_url=moto_server)
    names = [f"a rather long name of a photo {number}, as people give them.jpg" for number in range(12)]
    write(tmp_path / "in", *names)
    given = {"ORIGINALS_BUCKET": ORIGINALS, "PROCESSED_BUCKET": PROCESSED, "TABLE": TABLE}
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "zenoimg", "--endpoint-url", moto_server, "upload", "in", "--no-wait"],
        cwd=tmp_path,
        env={
            **{name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "TERM"}},
            **{f"ZENOIMG_{name}": value for name, value in given.items()},
            "TERM": "xterm-256color",
            "COLUMNS": "80",
        },
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        raw = written(ours).decode()
    assert process.returncode == 0
    text = CONTROL.sub("", raw)
    assert {len(re.findall(re.escape(f"uploaded    {name}"), text)) for name in names} == {1}
    assert re.search(r"Uploading .* of 12", text), "the live line counts"
    assert re.search(r"[kM]?B/s", text), "and shows the rate"
    # The hint at the end contains a command to paste, so it is not wrapped.
    text = text.replace(NO_FUNCTION.partition("`")[0], "").partition("`")[0]
    assert max(len(line) for part in text.split("\n") for line in part.split("\r")) <= 80
    assert raw.rindex("\x1b[?25h") > raw.rindex("\x1b[?25l"), "the cursor is back"
    # The live line was erased before the last line was written.
    assert text.rstrip().endswith("12 photos: 12 uploaded.")
    assert raw.rindex("\x1b[2K") > raw.rindex("Uploading")
