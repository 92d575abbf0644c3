"""Images that the current recipe or its limits refuse while a copy of an earlier attempt stays published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import boto3
import pytest

from tests.cli.conftest import ORIGINALS, Terminal
from tests.drawn.pictures import jpeg, photo

pytestmark = pytest.mark.slow

LARGE, SMALL = jpeg(photo((96, 64))), jpeg(photo((48, 32)))
NARROW, WIDE = "[limits]\nmax_bytes = {}\n", ""


@pytest.fixture
def limit(tmp_path: Path) -> Callable[[str], None]:
    """Return a function that writes zenoimg.toml."""

    def write(text: str) -> None:
        (tmp_path / "zenoimg.toml").write_text(text.format(len(SMALL)))

    return write


@pytest.fixture
def kept(no_stack: Terminal, limit: Callable[[str], None]) -> Terminal:
    """Create two processed images, of which the limits then refuse one; its copy is kept."""
    for key, data in (("large.jpg", LARGE), ("small.jpg", SMALL)):
        boto3.client("s3").put_object(Bucket=ORIGINALS, Key=key, Body=data)
    no_stack.json("reprocess", "--here")
    limit(NARROW)
    no_stack.json("reprocess", "--all", "--here", code=1)
    return no_stack


def results(terminal: Terminal, *options: str, code: int = 0) -> dict[str, str]:
    results = terminal.json("reprocess", "--here", *options, code=code)
    return {result["ImageId"]: result["Result"] for result in results}


def test_the_copy_is_kept_and_status_reports_it_without_requiring_action(
    kept: Terminal, copies: Callable[[], set[str]]
) -> None:
    assert copies() == {"processed/large.jpg", "processed/small.jpg"}
    status = kept.json("status", "--check")
    assert (status["audit"]["findings"], status["audit"]["kept"], status["images"]["kept"]) == ({}, 1, 1)
    assert "1 copy keeps an older mark: the deployed recipe refuses it" in kept.run("status").stdout


def test_a_plain_reprocess_skips_it_and_stale_and_refused_try_it_again(kept: Terminal) -> None:
    assert results(kept) == {}
    for option in ("--stale", "--refused"):
        assert kept.json("reprocess", option, "--dry-run")["by_state"] == {"kept": 1}
        assert results(kept, option) == {"large.jpg": "refused"}, "as before, which is not a failure"


def test_a_refusal_that_another_recipe_repeats_is_not_a_failure(kept: Terminal, limit: Callable[[str], None]) -> None:
    limit(NARROW + "[watermark]\ntext = 'another mark'\n")
    assert kept.json("reprocess", "--stale", "--dry-run")["by_state"] == {"stale": 2}
    assert results(kept, "--stale", "--yes") == {"large.jpg": "refused", "small.jpg": "processed"}


def test_a_refusal_by_other_limits_is_stale(kept: Terminal, limit: Callable[[str], None]) -> None:
    limit(WIDE)
    assert kept.json("status", "--check", code=1)["audit"]["findings"] == {"stale": 1}
    assert kept.json("reprocess", "--stale", "--dry-run")["by_state"] == {"stale": 1}
    assert results(kept) == {}
    assert results(kept, "--stale") == {"large.jpg": "processed"}
    assert kept.json("status", "--check")["audit"]["kept"] == 0


def test_the_kept_copy_can_be_listed_downloaded_and_shown(
    kept: Terminal, limit: Callable[[str], None], tmp_path: Path
) -> None:
    records = {record["ImageId"]: record for record in kept.json("list", "--presign", "1h")}
    assert "X-Amz-Signature" in records["large.jpg"]["ProcessedUrl"]
    assert kept.json("show", "large.jpg")["Width"] == 96
    (downloaded,) = kept.json("download", "large.jpg", "-o", "copies/")
    assert (downloaded["Result"], downloaded["Size"]) == ("downloaded", records["large.jpg"]["ProcessedSize"])
    limit(WIDE)  # the gallery opens nothing beyond the limits either
    kept.run("gallery", "-o", "page")
    names = [path.name for path in (tmp_path / "page" / "pictures").iterdir()]
    assert len([name for name in names if "-after" in name]) == 2
    assert len([name for name in names if "-before" in name]) == 1, "refused images are not opened here either"
