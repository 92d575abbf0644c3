"""A stack without notifications, so that only these tests' environments work on its buckets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local.bench import ORIGINALS, Bench
from tests.local.conftest import unused_port
from tests.local.runtime.environments import Deployed, Environment, unpack
from zenoimg.local import EmbeddedAws, LocalSettings

PROCESSOR, GET_IMAGES = "imageProcessorLambda", "getImagesLambda"


@pytest.fixture(scope="package")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    pytest.importorskip("awslambdaric", reason="awslambdaric builds on Linux only: make test-all installs it there")
    home = tmp_path_factory.mktemp("runtime-aws")
    bench = Bench(EmbeddedAws(LocalSettings(home, unused_port())), tmp_path_factory.mktemp("runtime-photos"))
    bench.zenoimg("deploy")
    bench.client("s3").put_bucket_notification_configuration(Bucket=ORIGINALS, NotificationConfiguration={})
    functions = bench.client("lambda")
    for mapping in functions.list_event_source_mappings(FunctionName=PROCESSOR)["EventSourceMappings"]:
        functions.delete_event_source_mapping(UUID=mapping["UUID"])
    yield unpack(bench, tmp_path_factory.mktemp("environment"))
    bench.embedded.stop()


@pytest.fixture(scope="module")
def processor(deployed: Deployed) -> Iterator[Environment]:
    with deployed.environment(PROCESSOR) as environment:
        yield environment


@pytest.fixture(scope="module")
def get_images(deployed: Deployed) -> Iterator[Environment]:
    with deployed.environment(GET_IMAGES) as environment:
        yield environment


def processed(bench: Bench, key: str) -> bool:
    """Return whether an image has its record and its copy."""
    record = bench.records().get(key)
    return record is not None and record["Status"] == "processed" and key in bench.copies()
