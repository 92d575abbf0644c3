"""``upload`` waits for photos that the processor has handed over to the large function."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Terminal
from tests.cli.test_upload import pipeline  # noqa: F401 - a fixture
from tests.drawn.pictures import jpeg, photo
from zenoimg.aws.session import Aws
from zenoimg.imaging import Limits, Recipe
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.upload.run import Upload, UploadOptions
from zenoimg.operations.upload.sources import Source
from zenoimg.pipeline.reconcile import reconcile

pytestmark = pytest.mark.slow

OPTIONS = UploadOptions(timeout=0, event_grace=0, retry_grace=0, poll=0.001)


class LargeQueue:
    """Has a message until its third read; then the large function has marked the photo."""

    def __init__(self, tools: Any, key: str) -> None:
        self.looks, self._tools, self._key = 0, tools, key

    def get_queue_attributes(self, QueueUrl: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's own name
        assert QueueUrl == "large"
        self.looks += 1
        if self.looks == 3 and self._tools:
            reconcile(self._key, self._tools)
        return {"Attributes": {"ApproximateNumberOfMessages": str(int(self.looks < 3))}}


@pytest.fixture
def uploading(
    pipeline: LivePipeline,  # noqa: F811
    no_stack: Terminal,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(photo()))

    def upload(*, processes: bool) -> tuple[Any, LargeQueue]:
        tools = pipeline.tools(Recipe(), Limits()) if processes else None
        queue = LargeQueue(tools, "a.jpg")
        monkeypatch.setattr(Aws, "sqs", queue)
        with_queue = replace(pipeline, deployment=replace(pipeline.deployment, large_queue_url="large"))
        (result,) = Upload(with_queue, OPTIONS, Limits()).run([Source(path, "a.jpg")])
        return result, queue

    return upload


def test_a_photo_is_awaited_while_the_large_queue_has_messages(uploading: Any) -> None:
    result, queue = uploading(processes=True)
    assert (result.state, queue.looks) == ("processed", 3)


def test_an_empty_large_queue_causes_no_delay(uploading: Any) -> None:
    result, queue = uploading(processes=False)
    assert (result.state, queue.looks) == ("unprocessed", 4)
