"""Makes ``docs/captures/*.svg``: what the commands show in a terminal, photographed while they run.

Run it from the checkout: ``python -m docs.make_captures``. It starts an embedded AWS of its own in a temporary
folder, deploys, uploads drawn photos and one that is none, and stops it. Each command runs in a terminal of 112
columns; what is left on its screen at the end becomes the picture, by Rich's SVG export.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import termios
from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

from demo.scenery import draw

TARGET = Path(__file__).with_name("captures")
WIDTH = 112
#: The format loads its font from elsewhere; a page of documentation is to load nothing.
_FORMAT = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
_CONTROL = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\r|\n")


def main() -> None:
    """Make all pictures."""
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="zenoimg-captures-") as home:
        photos = Path(home, "photos")
        photos.mkdir()
        draw(photos, long_side=2400)
        shutil.copy(sorted(photos.iterdir())[0], photos / "cut-off.jpg")
        with (photos / "cut-off.jpg").open("r+b") as file:
            file.truncate(200_000)
        shell = _Shell(Path(home))
        try:
            shell.take("zenoimg --local deploy")
            deployed = datetime.now().isoformat(timespec="seconds")
            shell.take("zenoimg --local upload photos/", picture="upload")
            # What the terminal would refuse by itself can come from elsewhere.
            shell.put("photos/cut-off.jpg", "from-elsewhere/cut-off.jpg")
            shell.take("zenoimg --local reprocess lake.jpg from-elsewhere/cut-off.jpg")
            shell.take("zenoimg --local list", picture="list")
            shell.take("zenoimg --local show from-elsewhere/cut-off.jpg", picture="show")
            shell.take(f"zenoimg --local tail-logs --since {deployed}", picture="tail-logs")
            shell.take("zenoimg --local status", picture="status")
        finally:
            shell.take("zenoimg local stop")


@dataclass(frozen=True)
class _Shell:
    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        plain = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ZENOIMG_"))}
        plain.pop("NO_COLOR", None)
        self.environment.update(plain)
        self.environment.update(
            TERM="xterm-256color",
            COLORTERM="truecolor",
            ZENOIMG_LOCAL_HOME=str(self.home / "aws"),
            ZENOIMG_LOCAL_PORT=str(port),
        )

    def take(self, command: str, picture: str = "") -> None:
        """Run a command; a name makes a picture of what it leaves on the screen."""
        _, *arguments = command.split()
        screen = _Screen()
        screen.feed(_in_terminal([sys.executable, "-m", "zenoimg", *arguments], self.home, self.environment))
        if not picture:
            return
        console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True, color_system="truecolor")
        console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
        for row in screen.rows():
            console.print(Text.from_ansi(row), soft_wrap=True)
        path = TARGET / f"{picture}.svg"
        path.write_text(
            console.export_svg(title=command, theme=DIMMED_MONOKAI, code_format=_FORMAT, unique_id=picture) + "\n",
            encoding="utf-8",
        )
        sys.stdout.write(f"{path.name}\n")

    def put(self, file: str, key: str) -> None:
        """Put a file into the originals bucket as any other program would."""
        code = (
            "import sys, boto3; from zenoimg import local;"
            "s3 = boto3.client('s3', region_name=local.REGION, endpoint_url=sys.argv[1],"
            " aws_access_key_id=local.ACCESS_KEY, aws_secret_access_key=local.SECRET_KEY);"
            "s3.upload_file(sys.argv[2], 'zeno-original-images', sys.argv[3])"
        )
        endpoint = f"http://127.0.0.1:{self.environment['ZENOIMG_LOCAL_PORT']}"
        subprocess.run([sys.executable, "-c", code, endpoint, file, key], cwd=self.home, check=True)  # noqa: S603


def _in_terminal(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    """What a command writes to a terminal of ``WIDTH`` columns, control sequences included."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, WIDTH, 0, 0))
    child = subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    written = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not piece:
            break
        written += piece
    os.close(ours)
    child.wait()
    return written.decode("utf-8", errors="replace")


class _Screen:
    """As much of a terminal as Rich's live lines need: whole lines that are written, erased and gone back to."""

    def __init__(self) -> None:
        self._rows = [""]
        self._at = 0
        self._fresh = False  # the cursor went to the start of a line, so what comes replaces it

    def feed(self, text: str) -> None:
        last = 0
        for found in _CONTROL.finditer(text):
            self._write(text[last : found.start()])
            last = found.end()
            self._control(found)
        self._write(text[last:])

    def rows(self) -> list[str]:
        """The rows with their colours, without empty ones at the end."""
        kept = list(self._rows)
        while kept and not kept[-1].strip():
            kept.pop()
        return kept

    def _write(self, text: str) -> None:
        if text:
            self._rows[self._at] = text if self._fresh else self._rows[self._at] + text
            self._fresh = False

    def _control(self, found: re.Match[str]) -> None:
        whole, number, kind = found[0], found[1], found[2]
        if whole == "\n":
            self._at += 1
            self._fresh = False
            if self._at == len(self._rows):
                self._rows.append("")
        elif whole == "\r":
            self._fresh = True
        elif kind == "m":
            self._write(whole)
        elif kind == "A":
            self._at = max(0, self._at - int(number or 1))
        elif kind == "K":
            self._rows[self._at] = ""


if __name__ == "__main__":
    main()
