"""Detect the type of a file, and whether the pipeline would refuse it, before sending it."""

from __future__ import annotations

from pathlib import Path

import pytest

from zenoimg.imaging import Limits
from zenoimg.imaging.formats.heif.availability import SWITCHED_OFF
from zenoimg.operations.content import check

HEAD = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


@pytest.mark.parametrize(("taken", "refusal"), [(True, ""), (False, SWITCHED_OFF)])
def test_a_heic_is_sent_to_a_pipeline_that_accepts_it(tmp_path: Path, taken: bool, refusal: str) -> None:
    """Whatever is installed here: the functions decode it."""
    path = tmp_path / "a.heic"
    path.write_bytes(HEAD)
    with path.open("rb") as file:
        checked = check("a.heic", file, len(HEAD), Limits(heic=taken))
    assert (checked.content_type, checked.refusal) == ("image/heic", refusal)
