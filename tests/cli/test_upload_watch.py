"""``upload --watch``: an upload that continues as its sources appear."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import ORIGINALS, TABLE, Terminal
from tests.cli.test_upload import stored, write
from zenoimg.aws.session import Aws
from zenoimg.config.load import Settings
from zenoimg.imaging import Limits
from zenoimg.operations.pipeline import connect
from zenoimg.operations.upload.run import Upload, UploadOptions
from zenoimg.operations.upload.sources import Source


def test_results_are_shown_even_if_no_further_photo_appears(no_stack: Terminal, tmp_path: Path) -> None:
    names = {"originals_bucket": ORIGINALS, "processed_bucket": "out-bucket", "table": TABLE}
    pipeline = connect(Aws(region="eu-west-1"), Settings(names=names))
    first, second = write(tmp_path, "a.jpg", "b.jpg")
    seen: list[str] = []

    def coming() -> Iterator[Source | None]:
        yield Source(first, "a.jpg")
        while not seen:
            yield None
        yield Source(second, "b.jpg")

    for result in Upload(pipeline, UploadOptions(wait=False, look_ahead=False), Limits()).run(coming()):
        seen.append(result.key)
    assert seen == ["a.jpg", "b.jpg"]
    assert set(stored()) == {"a.jpg", "b.jpg"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--watch a.jpg", "--watch needs exactly one folder"),
        ("--watch . in", "--watch needs exactly one folder"),
        ("--watch . --dry-run", "--watch and --dry-run exclude each other"),
        ("--watch . --strict", "--watch and --strict exclude each other"),
        ("--watch . --key k", "--watch and --key exclude each other"),
    ],
)
def test_options_without_meaning_while_watching_are_rejected(
    no_stack: Terminal, tmp_path: Path, line: str, words: str
) -> None:
    write(tmp_path, "a.jpg")
    assert words in no_stack.run("upload", *line.split(), code=2).stderr


def test_without_the_package_the_command_that_installs_it_is_suggested(
    no_stack: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    error = no_stack.run("upload", "--watch", ".", code=3).stderr
    assert "watching a folder needs the package watchfiles" in error
    assert "[watch]" in error
