"""``zenoimg preview`` as a separate process: standard output, terminals, workers, Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_preview import JPEG, folder, run  # noqa: F401 - a fixture among them
from tests.drawn import pictures
from tests.terminals import written
from zenoimg.imaging import watermark

pytestmark = pytest.mark.slow


def test_standard_output_takes_exactly_one_copy() -> None:
    done = run("a.jpg", "-o", "-")
    assert done.returncode == 0
    assert done.stdout == watermark(JPEG).data
    assert b"1 marked" in done.stderr
    assert sorted(path.name for path in Path().iterdir()) == ["a.jpg", "b.jpg"]


def test_no_picture_is_written_to_a_terminal() -> None:
    terminal, end = pty.openpty()
    try:
        command = [sys.executable, "-m", "zenoimg", "preview", "a.jpg", "-o", "-"]
        done = subprocess.run(command, stdout=end, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(end)
        os.close(terminal)
    assert done.returncode == 2
    assert b"standard output is a terminal" in done.stderr


def test_a_terminal_shows_progress_and_a_pipe_does_not() -> None:
    terminal, end = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    command = [sys.executable, "-m", "zenoimg", "preview", "a.jpg", "b.jpg", "--workers", "2"]
    with subprocess.Popen(command, stderr=end, env=environment) as process:
        os.close(end)
        shown = written(terminal)
        assert process.wait() == 0
    assert b"Marking" in shown
    assert b"2 of 2" in shown
    piped = run("a.jpg", "b.jpg", "--force", "--workers", "2")
    assert (piped.returncode, piped.stdout) == (0, b"")
    assert b"\x1b" not in piped.stderr
    assert sorted(piped.stderr.decode().splitlines())[0] == "2 photos: 2 marked."


def test_several_processes_make_the_same_copies_as_one() -> None:
    for index in range(6):
        Path(f"{index}.jpg").write_bytes(pictures.jpeg(pictures.photo((120, 90), seed=index)))
    photos = [f"{index}.jpg" for index in range(6)]
    done = run(*photos, "a.jpg", "missing.jpg", "--workers", "2", "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert [item["Path"] for item in found] == [*photos, "a.jpg", "missing.jpg"]
    for name in photos:
        assert Path(name).with_suffix(".marked.jpg").read_bytes() == watermark(Path(name).read_bytes()).data


@pytest.mark.skipif(
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN,
    reason="a shell that starts the tests in the background has them, and their children, ignore SIGINT",
)
def test_an_interruption_leaves_complete_copies_and_reports_the_progress() -> None:
    names = [f"{index}.jpg" for index in range(1000)]
    for name in names:
        Path(name).symlink_to("a.jpg")
    command = [sys.executable, "-m", "zenoimg", "preview", *names, "--workers", "2", "-o", "out"]
    with subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait() == 130
    assert first.startswith(b"marked")
    assert b"Interrupted: " in rest
    assert b"Traceback" not in rest
    copies = list(Path("out").iterdir())
    assert 0 < len(copies) < 300
    assert {path.read_bytes() for path in copies} == {watermark(JPEG).data}


def test_preview_imports_no_aws_library() -> None:
    program = (
        "import sys; from zenoimg.cli.app import app\n"
        "try: app(['preview', 'a.jpg'])\n"
        "except SystemExit as end: assert end.code in (0, None)\n"
        "sys.exit(bool({'boto3', 'botocore'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
    assert Path("a.marked.jpg").is_file()
