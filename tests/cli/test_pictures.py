"""show --picture: the image before and after, in a terminal that supports pictures."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from PIL import Image
from rich.console import Console
from rich.text import Text
from textual_image.renderable import HalfcellImage

from tests.cli.conftest import ORIGINALS, PROCESSED, Terminal
from tests.drawn.pictures import jpeg, photo
from tests.records import record
from zenoimg.aws.session import Aws
from zenoimg.cli.terminal import pictures
from zenoimg.config.load import Settings
from zenoimg.errors import ConfigurationError, UsageError
from zenoimg.imaging import Limits
from zenoimg.operations.gallery.thumbnails import Small, before_and_after
from zenoimg.operations.pipeline import LivePipeline, connect
from zenoimg.suggest import suggest_install

NAMES = {"originals_bucket": ORIGINALS, "processed_bucket": PROCESSED, "table": "records"}


@pytest.fixture
def pipeline(no_stack: Terminal) -> LivePipeline:
    return connect(Aws(), Settings(names=NAMES))


def screen(**console: Any) -> Any:
    options = {"file": io.StringIO(), "width": 80, "force_terminal": True, "color_system": "truecolor"}
    return SimpleNamespace(out=Console(**{**options, **console}))


def test_both_pictures_are_fetched_small_and_upright(pipeline: LivePipeline) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    data = jpeg(photo((1600, 1200), "RGB"), exif=turned.tobytes())
    pipeline.aws.s3.put_object(Bucket=ORIGINALS, Key="a.jpg", Body=data)
    pipeline.aws.s3.put_object(Bucket=PROCESSED, Key="processed/a.jpg", Body=data)
    found = list(before_and_after(pipeline, record("a.jpg"), Limits()))
    assert [small.caption for small in found] == ["before", "after"]
    for small in found:
        with Image.open(io.BytesIO(small.data)) as picture:
            assert picture.size == (384, 512)


def test_pictures_that_cannot_be_drawn_are_reported_with_the_reason(pipeline: LivePipeline) -> None:
    boto3.client("s3").put_object(Bucket=ORIGINALS, Key="a.jpg", Body=b"no picture at all")
    (small,) = before_and_after(pipeline, record("a.jpg", status="refused"), Limits())
    assert "cannot be drawn" in small.problem
    (large,) = before_and_after(pipeline, record("a.jpg", status="refused"), Limits(max_bytes=3))
    assert "too large" in large.problem
    (gone,) = before_and_after(pipeline, record("b.jpg", status="failed"), Limits())
    assert gone.problem == "the original is gone"


def test_a_copy_that_is_gone_is_reported_as_download_reports_it(pipeline: LivePipeline, no_stack: Terminal) -> None:
    boto3.client("s3").put_object(Bucket=ORIGINALS, Key="a.jpg", Body=jpeg(photo((64, 48))))
    pipeline.catalog.put(record("a.jpg"))
    _, after = before_and_after(pipeline, record("a.jpg"), Limits())
    (download,) = no_stack.json("download", "a.jpg", code=1)
    assert after.problem == download["Reason"]
    assert "its copy is gone" in after.problem


# The package uses an API that Pillow 14 removes; it is not used with that version.
@pytest.mark.filterwarnings("ignore:Image.Image.getdata is deprecated:DeprecationWarning")
def test_pictures_stand_side_by_side_within_the_terminal() -> None:
    encoded = io.BytesIO()
    photo((64, 48), "RGB").save(encoded, "WEBP")
    given = screen()
    both = [Small("before", encoded.getvalue()), Small("after", problem="cannot be drawn: \x1b[31m")]
    pictures.draw(given, HalfcellImage, both)
    text = given.out.file.getvalue()
    assert "\x1b[31m" not in text
    assert "▀" in text
    rows = [Text.from_ansi(row).plain.rstrip() for row in text.splitlines()]
    assert max(map(len, rows)) <= 80
    assert rows[0].split() == ["before", "after"]


def test_nothing_is_drawn_where_pictures_cannot_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="needs a terminal"):
        pictures.renderer(screen(force_terminal=False))
    monkeypatch.setattr("textual_image.renderable.Image", HalfcellImage)
    with pytest.raises(UsageError, match="colours"):
        pictures.renderer(screen(no_color=True))
    assert pictures.renderer(screen()) is HalfcellImage


def test_a_missing_package_is_reported_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "textual_image.renderable", None)
    with pytest.raises(ConfigurationError) as caught:
        pictures.renderer(screen())
    assert suggest_install("pictures") in caught.value.next_step


@pytest.mark.parametrize("options", [["--picture"], ["--picture", "--json"]])
def test_pipes_and_json_are_rejected_before_anything_is_fetched(terminal: Terminal, options: list[str]) -> None:
    terminal.run("show", "a.jpg", *options, code=2)
