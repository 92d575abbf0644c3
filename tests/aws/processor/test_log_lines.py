"""What the processor logs for an image: one structured line, and one line of metrics."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from PIL import Image

from tests.aws.conftest import NAMES
from tests.aws.invocation import REQUEST_ID, s3_event, sqs_event
from tests.aws.processor.invoke import PHOTO, call, put
from tests.drawn import pictures
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.events import backfill_body

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Log = Callable[[], list[dict[str, Any]]]

pytestmark = pytest.mark.usefixtures("catalog")


def metrics(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if "_aws" in line]


def values(line: dict[str, Any]) -> dict[str, Any]:
    """Return the metrics that a line of the embedded metric format declares; each has one value."""
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    found = {}
    for metric in directive["Metrics"]:
        (found[metric["Name"]],) = line[metric["Name"]]
    return found


def test_a_line_has_key_result_sizes_format_stages_and_request(s3: S3Client, log: Log) -> None:
    put(s3, "cat.jpg")
    call(s3_event("cat.jpg"))
    (line,) = log()
    assert (line["image"], line["result"], line["format"]) == ("cat.jpg", "processed", "JPEG")
    assert (line["original_size"], line["function_request_id"]) == (len(PHOTO), REQUEST_ID)
    assert line["processed_size"] > 0
    assert set(line["stages_ms"]) == {"fetch", "check", "watermark", "store"}
    assert sum(line["stages_ms"].values()) <= line["duration_ms"] + len(line["stages_ms"])
    assert "rounds" not in line, "one round is normal"


def test_a_run_with_nothing_to_do_logs_the_stages_it_went_through(s3: S3Client, log: Log) -> None:
    put(s3, "cat.jpg")
    call(s3_event("cat.jpg"))
    call(s3_event("cat.jpg"))
    assert (log()[1]["result"], set(log()[1]["stages_ms"])) == ("unchanged", {"fetch", "check"})


def test_nothing_from_an_images_metadata_is_logged(s3: S3Client, log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    exif = Image.Exif()
    exif[0x013B], exif[0x010E] = "Ada Secret", "at home, Secret Street 7"
    exif.get_ifd(0x8825).update({1: "N", 2: (51.0, 30.0, 26.73591)})
    photo = pictures.photo((160, 120))
    for key, data in {
        "good.jpg": pictures.jpeg(photo, exif=exif.tobytes()),
        "cut.jpg": pictures.jpeg(photo, exif=exif.tobytes())[:-200],
        "bad-exif.jpg": pictures.jpeg(photo, exif=b"Exif\0\0II*\0\xff\xff\xff\xffSecret"),
    }.items():
        put(s3, key, data)
        call(s3_event(key))
    written = json.dumps(log()) + capsys.readouterr().out
    assert {line["image"] for line in log()} == {"good.jpg", "cut.jpg", "bad-exif.jpg"}
    assert "Secret" not in written
    assert "73591" not in written


def test_a_processed_image_is_measured_by_stack_and_function(s3: S3Client, capsys: pytest.CaptureFixture[str]) -> None:
    put(s3, "cat.jpg")
    call(s3_event("cat.jpg"))
    (line,) = metrics(capsys)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == ("zenoimg", [["stack", "function"]])
    assert (line["stack"], line["function"]) == ("zeno", NAMES.processor_function)
    assert isinstance(line["_aws"]["Timestamp"], int)
    units = {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]}
    assert (units["processed"], units["duration"], units["bytes"]) == ("Count", "Milliseconds", "Bytes")
    found = values(line)
    assert found.pop("duration") >= 0
    assert found == {"processed": 1, "refused": 0, "failed": 0, "handed-over": 0, "bytes": len(PHOTO)}


def test_a_refused_image_is_measured_and_logged_as_a_warning_with_the_reason(
    s3: S3Client, log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    put(s3, "bad.jpg", b"just text")
    call(s3_event("bad.jpg"))
    (line,) = log()
    assert (line["level"], line["error"].partition(":")[0]) == ("WARNING", "not-an-image")
    found = values(metrics(capsys)[0])
    assert (found["processed"], found["refused"], found["bytes"]) == (0, 1, len(b"just text"))


def test_a_failure_is_one_line_with_its_traceback_and_is_measured_without_bytes(
    s3: S3Client, log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    put(s3, "cat.jpg")
    s3.delete_bucket(Bucket=NAMES.processed_bucket)
    with pytest.raises(ClientError):
        call(s3_event("cat.jpg"))
    (line,) = log()
    assert (line["level"], line["image"], line["result"]) == ("ERROR", "cat.jpg", "failed")
    assert "NoSuchBucket" in line["exception"]
    assert {"fetch", "watermark"} <= set(line["stages_ms"])
    found = values(metrics(capsys)[0])
    assert found["failed"] == 1
    assert "bytes" not in found


def test_a_failing_message_is_logged_in_one_line_as_well(
    s3: S3Client, log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    body = backfill_body("another-bucket", "cat.jpg")
    message: Any = {"MessageId": "m", "ReceiptHandle": "r", "Body": body}
    call(sqs_event([message]))
    first, *_ = log()
    assert (first["level"], first["image"]) == ("ERROR", "cat.jpg")
    assert [values(line)["failed"] for line in metrics(capsys)] == [1]


@pytest.mark.parametrize("key", ["2025/", "gone.jpg"])
def test_an_event_without_work_on_an_image_is_not_measured(
    key: str, s3: S3Client, catalog: Catalog, capsys: pytest.CaptureFixture[str]
) -> None:
    call(s3_event(key))
    assert metrics(capsys) == []
