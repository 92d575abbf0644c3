"""An execution environment of the processor, on moto."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lambda_handlers import processor
from tests.aws.conftest import ACCOUNT, NAMES
from tests.aws.processor.invoke import MAX_BYTES, RECIPE
from zenoimg.imaging import Limits
from zenoimg.pipeline import deployed_recipe
from zenoimg.stack.bundle import recipe as recipe_zip

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

VISIBILITY_SECONDS = 1800


@pytest.fixture
def queue_url(sqs: SQSClient) -> str:
    attributes: Any = {"VisibilityTimeout": str(VISIBILITY_SECONDS)}
    return sqs.create_queue(QueueName=NAMES.backfill_queue, Attributes=attributes)["QueueUrl"]


@pytest.fixture(scope="module")
def recipe_layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    layer = tmp_path_factory.mktemp("recipe-layer")
    artifact = recipe_zip.recipe_layer(RECIPE, Limits(max_bytes=MAX_BYTES))
    with zipfile.ZipFile(io.BytesIO(artifact.data)) as archive:
        archive.extractall(layer)
    return layer / "python"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, recipe_layer: Path, queue_url: str) -> Iterator[None]:
    """Set up a fresh execution environment: variables as in the template, the recipe on the path, nothing cached."""
    for name, value in {
        "STACK": "zeno",
        "AWS_LAMBDA_FUNCTION_NAME": NAMES.processor_function,
        "ORIGINALS_BUCKET": NAMES.originals_bucket,
        "PROCESSED_BUCKET": NAMES.processed_bucket,
        "TABLE_NAME": NAMES.table,
        "ACCOUNT_ID": ACCOUNT,
        "BACKFILL_QUEUE_URL": queue_url,
        "BACKFILL_FIRST_RETRY": "30",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(str(recipe_layer))
    _forget()
    yield
    _forget()


def _forget() -> None:
    processor._tools.cache_clear()
    processor._queues.cache_clear()
    sys.modules.pop(deployed_recipe.PACKAGE, None)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, Any]]]:
    """Return the lines that the function has logged."""
    written = io.StringIO()
    monkeypatch.setattr(processor.logger.registered_handler, "stream", written)
    return lambda: [json.loads(line) for line in written.getvalue().splitlines()]
