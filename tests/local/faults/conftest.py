"""A deployed stack whose processor meets faults on demand, with short waits between tries."""

from __future__ import annotations

import io
import json
import socket
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.drawn.pictures import jpeg, photo
from tests.local.bench import ORIGINALS, TABLE, Bench
from zenoimg.local import EmbeddedAws, LocalSettings
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.records import to_json
from zenoimg.stack.bundle.functions import functions_zip

#: The template's parameters for waits, as short as it allows; two tries in the backfill lane.
SHORT = {"ProcessorTimeout": "60", "BackfillVisibility": "30", "BackfillFirstRetry": "1", "BackfillTries": "2"}
PROCESSOR = "imageProcessorLambda"


@dataclass(frozen=True)
class Faults(Bench):
    """A bench with a folder of switches that the faulty processor reads."""

    @property
    def switches(self) -> Path:
        return self.folder / "switches"

    def turn_on(self, fault: str) -> None:
        (self.switches / fault).touch()

    def turn_off(self, fault: str) -> None:
        (self.switches / fault).unlink()

    def looks(self, key: str) -> int:
        """Return how often the processor has read an image."""
        counted = self.switches / f"looks-{key.replace('/', '_')}"
        return len(counted.read_text()) if counted.exists() else 0

    def records(self) -> dict[str, dict[str, Any]]:
        """Read here and not by a command: a wait asks often."""
        catalog = Catalog(self.client("dynamodb"), TABLE)
        return {record.image_id: to_json(record) for record in catalog.all(segments=1)}

    def results(self, key: str) -> list[str]:
        """Return the results that the processor has logged for an image, one per attempt."""
        events = self.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{PROCESSOR}")["events"]
        lines = [json.loads(event["message"]) for event in events if event["message"].startswith("{")]
        return [line["result"] for line in lines if line.get("image") == key]

    def put(self, key: str, seed: int = 0) -> str:
        """Put a small photo; return its version."""
        body = jpeg(photo((96, 64), "RGB", seed=seed))
        version: str = self.client("s3").put_object(Bucket=ORIGINALS, Key=key, Body=body)["VersionId"]
        return version

    def put_unseen(self, keys: list[str]) -> None:
        """Put photos without events: S3 loses events, rarely."""
        s3 = self.client("s3")
        told = s3.get_bucket_notification_configuration(Bucket=ORIGINALS)
        told.pop("ResponseMetadata")
        s3.put_bucket_notification_configuration(Bucket=ORIGINALS, NotificationConfiguration={})
        for number, key in enumerate(keys):
            self.put(key, seed=number)
        s3.put_bucket_notification_configuration(Bucket=ORIGINALS, NotificationConfiguration=told)

    def dead_letters(self) -> int:
        found: int = self.json("status", code=None)["dead_letters"]["waiting"]
        return found

    def all_is_well(self, prefix: str, originals: int) -> None:
        """Check that every original has its copy and record, and that there are no leftovers and no dead letters."""
        status = self.json("status", "--check")
        assert status["audit"]["findings"] == {}
        assert status["dead_letters"] == {"waiting": 0, "in_flight": 0, "oldest_seconds": None}
        assert status["backfill"]["waiting"] == 0
        audit = status["audit"]
        assert audit["originals"] == audit["copies"] == audit["records"] == audit["by_status"]["processed"]
        assert sum(key.startswith(prefix) for key in self.records()) == originals
        assert sum(key.startswith(prefix) for key in self.copies()) == originals


def deploy(embedded: EmbeddedAws, folder: Path, cls: type[Bench] = Bench) -> Any:
    """Return a stack with short waits."""
    folder.mkdir(exist_ok=True)
    made = cls(embedded, folder)
    made.zenoimg("deploy")
    cloudformation = made.client("cloudformation")
    parameters = cloudformation.describe_stacks(StackName="zeno")["Stacks"][0]["Parameters"]
    kept = [{"ParameterKey": item["ParameterKey"], "UsePreviousValue": True} for item in parameters]
    changed = [{"ParameterKey": key, "ParameterValue": value} for key, value in SHORT.items()]
    cloudformation.update_stack(
        StackName="zeno",
        UsePreviousTemplate=True,
        Parameters=[item for item in kept if item["ParameterKey"] not in SHORT] + changed,
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    cloudformation.get_waiter("stack_update_complete").wait(StackName="zeno", WaiterConfig={"Delay": 1})
    return made


def with_faults(made: Faults) -> Faults:
    """Return the same stack with the faulty processor."""
    made.switches.mkdir()
    (made.switches / "newer.jpg").write_bytes(jpeg(photo((64, 96), "RGB", seed=99)))
    zipped = io.BytesIO(functions_zip().data)
    with zipfile.ZipFile(zipped, "a") as archive:
        archive.write(Path(__file__).with_name("faulty_processor.py"), "faulty_processor.py")
    functions = made.client("lambda")
    functions.update_function_code(FunctionName=PROCESSOR, ZipFile=zipped.getvalue())
    variables = functions.get_function_configuration(FunctionName=PROCESSOR)["Environment"]["Variables"]
    functions.update_function_configuration(
        FunctionName=PROCESSOR,
        Handler="faulty_processor.handler",
        Environment={"Variables": {**variables, "FAULTS_FOLDER": str(made.switches)}},
    )
    return made


@pytest.fixture(scope="session")
def faulty_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """Return an embedded AWS for these tests alone: its processor is not the template's."""
    pytest.importorskip("ministack")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    aws = EmbeddedAws(LocalSettings(tmp_path_factory.mktemp("faulty-aws"), port, enforce_iam=True))
    aws.start()
    yield aws
    aws.stop()


@pytest.fixture(scope="session")
def faults(faulty_aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Faults:
    """The deployed stack with the faulty processor."""
    return with_faults(deploy(faulty_aws, tmp_path_factory.mktemp("faults"), Faults))


@pytest.fixture
def own_aws(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[EmbeddedAws]:
    """Return an embedded AWS to be killed."""
    aws = EmbeddedAws(LocalSettings(tmp_path / "home", free_port(), enforce_iam=True))
    yield aws
    aws.stop()
