"""Keys and log texts are untrusted; tables fit their width; colours can be turned off."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import IO

import pytest
from rich.console import Console
from rich.text import Text

from tests.records import PROCESSED
from zenoimg.cli.terminal import render
from zenoimg.cli.terminal.screen import Hanging, Screen, printable, safe, wait
from zenoimg.cli.terminal.times import local_time
from zenoimg.errors import ZenoError
from zenoimg.pipeline.records import ImageRecord

NOW = datetime(2025, 6, 12, 16, 0, tzinfo=UTC)
RECORD = replace(PROCESSED, image_id="photo.jpg")


def rendered(*records: ImageRecord, width: int, with_times: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width, no_color=True)
    console.print(render.images(records, NOW, with_times=with_times))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a b.jpg", "a b.jpg"),
        ("ü📷.jpg", "ü📷.jpg"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("two\nlines\r", r"two\nlines\r"),
        ("tab\there", "tab here"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("\udce9", r"\udce9"),
    ],
)
def test_untrusted_text_cannot_move_the_cursor_or_change_the_text_direction(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_multi_line_error_is_shown_as_lines(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().error(ZenoError("two things differ:\n  - a\x1b[2J\n  - b", next_step="Look."))
    assert capsys.readouterr().err == "Error: two things differ:\n  - a\\x1b[2J\n  - b\nLook.\n"


def test_a_line_with_a_command_is_never_wrapped_so_that_it_can_be_pasted() -> None:
    screen = Screen()
    screen.err = type(screen.err)(file=io.StringIO(), width=40, force_terminal=True, color_system=None)
    command = "zenoimg --stack acme --region eu-central-1 reprocess --missing --failed --stale"
    screen.say(f"To restore what is missing, run `{command}` now.")
    screen.error(ZenoError("something is missing", next_step=f"Run `{command}`."))
    screen.say("Words without any command are wrapped at the width of the terminal.")
    assert isinstance(screen.err.file, io.StringIO)
    lines = screen.err.file.getvalue().splitlines()
    assert sum(command in line for line in lines) == 2
    assert all(len(line) <= 40 for line in lines if command not in line)


def test_markup_in_untrusted_text_is_shown_literally() -> None:
    console = Console(file=io.StringIO(), width=80)
    console.print(safe("[bold red]x[/] [link=http://x]y"))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "[bold red]x[/] [link=http://x]y\n"


def test_a_key_with_markup_is_shown_literally_in_the_table() -> None:
    assert "[red]a[/red].jpg" in rendered(replace(RECORD, image_id="[red]a[/red].jpg"), width=120)


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_table_fits_its_width_without_truncating_numbers(width: int) -> None:
    long = replace(RECORD, image_id="a/rather/long/path/to/a/photo/of/the/sea.jpg")
    text = rendered(RECORD, long, width=width)
    assert max(map(len, text.splitlines())) <= width
    for figure in ("3.42 MB", "3.44 MB", "+0.5%", "4032×3024", "34 min", "processed", "photo.jpg"):
        assert figure in text


def test_old_images_show_their_date_and_a_wide_table_shows_all_times() -> None:
    old = replace(RECORD, created_at="2024-01-31T12:00:00Z")
    assert "2024-01-31" in rendered(old, width=80)
    wide = rendered(RECORD, old, width=160, with_times=True)
    for figure in ("34 min", "498 d", local_time(NOW)[:10], "2024-01-31"):
        assert figure in wide


def test_a_refused_image_shows_its_reason() -> None:
    refused = replace(RECORD, status="refused", processed_size=None, width=None, error="corrupt: it ends early")
    assert "refused: corrupt: it ends early" in rendered(refused, width=120)


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (9_994, "9.99 kB"),
        (9_995, "10.0 kB"),
        (99_949, "99.9 kB"),
        (99_950, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1.00 MB"),
        (3_423_409, "3.42 MB"),
        (None, "–"),
    ],
)
def test_sizes_have_three_significant_digits(count: int | None, shown: str) -> None:
    assert render.size(count) == shown


@pytest.mark.parametrize(
    ("created_at", "shown"),
    [
        ("2025-06-12T15:59:46Z", "14 s"),
        ("2025-06-12T15:57:00Z", "3 min"),
        ("2025-06-12T11:00:00Z", "5 h"),
        ("2025-05-31T16:00:00Z", "12 d"),
        ("2025-06-12T16:00:30Z", "0 s"),
    ],
)
def test_ages_are_short_and_never_negative(created_at: str, shown: str) -> None:
    assert render.age(created_at, NOW) == shown


@pytest.mark.parametrize("word", sorted(render.STYLES))
def test_a_status_keeps_its_colour_when_padded(word: str) -> None:
    (shown, style), (name, _) = render.outcome(word, "a\x1b[31m.jpg", width=14)
    assert (shown, style) == (word.ljust(15), render.STYLES[word])
    assert name == "a\\x1b[31m.jpg"
    assert (render.status(word).plain, render.status(word).style) == (word, render.STYLES[word])


def test_a_narrow_list_shows_the_code_of_an_error_and_leaves_room_for_names() -> None:
    failed = replace(RECORD, image_id="iphone-6-plus.jpg", status="failed", error="NoSuchBucket: a long sentence")
    console = Console(file=io.StringIO(), width=80, no_color=True)
    console.print(render.images([failed, RECORD], NOW, whole_reasons=False, is_narrow=True))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "NoSuchBucket" in text
    assert "sentence" not in text
    assert "iphone-6-plus.jpg" in text


@pytest.mark.parametrize("width", [30, 80, 200])
def test_a_long_result_wraps_with_a_hanging_indent(width: int) -> None:
    line = Text.assemble(
        ("refused", "yellow"), "     a long name.jpg  not a picture in any known format\n      note: x"
    )
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    console.print(Hanging(line))
    assert isinstance(console.file, io.StringIO)
    first, *more = console.file.getvalue().splitlines()
    assert first.startswith("refused     a long name")
    assert max(len(row) for row in (first, *more)) <= width
    if width >= 80:
        assert more == ["            note: x"]


def test_without_a_terminal_a_long_result_stays_on_one_line() -> None:
    console = Console(file=io.StringIO(), width=40, soft_wrap=True)
    console.print(Hanging(Text("refused     " + "x " * 100)))
    assert isinstance(console.file, io.StringIO)
    assert len(console.file.getvalue().splitlines()) == 1


@contextlib.contextmanager
def piped() -> Iterator[IO[bytes]]:
    """Make stdout a pipe and yield its read end. (Not a fixture: pytest replaces stdout for the test itself.)"""
    ours, theirs = os.pipe()
    with (
        os.fdopen(ours, "rb") as reader,
        contextlib.suppress(BrokenPipeError),
        os.fdopen(theirs, "w") as stdout,
        contextlib.redirect_stdout(stdout),
    ):
        yield reader


def test_waiting_ends_when_the_reader_leaves() -> None:
    with piped() as reader:
        wait(0.01)  # there is a reader
        reader.close()
        with pytest.raises(BrokenPipeError):
            wait(600)


def test_the_caller_learns_that_the_reader_has_left() -> None:
    with piped() as reader:
        screen = Screen()
        reader.close()
        with pytest.raises(BrokenPipeError):
            screen.out.print("x")
