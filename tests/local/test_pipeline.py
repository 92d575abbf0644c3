"""The whole pipeline on the embedded AWS: the real template, the real zips, the real command, with IAM enforced."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import urllib.error
import urllib.request

import pytest
from PIL import Image, ImageChops

from tests.drawn import heifs
from tests.drawn.heifs import needs_heic
from tests.drawn.pictures import jpeg, photo
from tests.local.bench import ORIGINALS, PROCESSED, TABLE, Bench

pytestmark = pytest.mark.local

AWKWARD = "a folder/b+c ü & 50%/📷 (1).jpg"


def as_png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def test_a_second_deploy_reports_no_changes(bench: Bench) -> None:
    again = bench.json("deploy")
    assert again["result"] == "unchanged"
    assert again["changes"] == []
    assert again["outputs"]["originals_bucket"] == ORIGINALS
    assert "Nothing changed" in bench.zenoimg("deploy").stderr


def test_a_dry_run_of_a_new_stack_leaves_nothing_behind(bench: Bench) -> None:
    planned = bench.json("--stack", "acme", "deploy", "--dry-run")
    assert {change["action"] for change in planned["changes"]} == {"Add"}
    assert not [change for change in planned["changes"] if change["resource_type"] == "AWS::Pipes::Pipe"], "no events"
    stacks = {stack["StackName"] for stack in bench.client("cloudformation").describe_stacks()["Stacks"]}
    assert "zeno" in stacks
    assert "acme" not in stacks
    buckets = {bucket["Name"] for bucket in bench.client("s3").list_buckets()["Buckets"]}
    assert not any(bucket.startswith("acme") for bucket in buckets)


def test_uploaded_photos_are_marked_listed_and_served(bench: Bench) -> None:
    picture = photo((800, 600), "RGB", seed=1)
    bench.write("landscape.jpg", jpeg(picture))
    bench.write("drawing.png", as_png(photo((300, 500), "RGBA", seed=2)))
    results = bench.json("upload", "landscape.jpg", "drawing.png")
    assert [result["Result"] for result in results] == ["processed", "processed"]

    records = bench.records()
    record = records["landscape.jpg"]
    assert list(record)[:5] == ["ImageId", "OriginalSize", "ProcessedSize", "ProcessedUrl", "CreatedAt"]
    assert record["OriginalSize"] == (bench.folder / "landscape.jpg").stat().st_size
    assert record["ProcessedSize"] == len(bench.copy("landscape.jpg"))
    assert (record["Width"], record["Height"], record["Format"], record["Status"]) == (800, 600, "JPEG", "processed")
    assert (records["drawing.png"]["Width"], records["drawing.png"]["Height"]) == (300, 500)

    copy = Image.open(io.BytesIO(bench.copy("landscape.jpg"))).convert("RGB")
    source = Image.open(bench.folder / "landscape.jpg").convert("RGB")
    changed = ImageChops.difference(copy, source).convert("L").point(lambda value: 255 if value > 40 else 0)
    left, top, right, bottom = changed.getbbox() or (0, 0, 0, 0)
    assert left > 400, "the mark is at the right"
    assert top > 300, "the mark is at the bottom"
    assert (right - left) * (bottom - top) > 1000, "the mark is visible"

    table = bench.zenoimg("list").stdout
    assert "landscape.jpg" in table
    assert "processed" in table
    assert json.loads(bench.zenoimg("api", "/images").stdout) != []


@pytest.mark.thorough
@needs_heic
def test_a_heic_becomes_a_jpeg_with_a_matching_file_name(bench: Bench) -> None:
    bench.write("phone/IMG_1.HEIC", heifs.encoded(photo((800, 600))))
    (result,) = bench.json("upload", "phone/IMG_1.HEIC")
    assert result["Result"] == "processed"
    record = bench.records()[result["ImageId"]]
    assert (record["Format"], record["SourceFormat"], record["Width"]) == ("JPEG", "HEIF", 800)
    assert "HEIF cannot be written and was converted to JPEG" in record["Warnings"]
    copy = bench.client("s3").head_object(Bucket=PROCESSED, Key=f"processed/{result['ImageId']}")
    assert (copy["ContentType"], copy["ContentDisposition"]) == ("image/jpeg", 'inline; filename="IMG_1.jpg"')
    (downloaded,) = bench.json("download", result["ImageId"], "-o", "copies")
    assert downloaded["Path"].endswith("IMG_1.jpg")
    layer = next(each for each in bench.json("deploy", "--dry-run")["artifacts"] if each["name"] == "packages")
    assert layer["bytes"] > 11_000_000, "8 MB without the HEIC decoder"


def test_the_api_answers_only_signed_requests(bench: Bench) -> None:
    address = bench.json("deploy")["outputs"]["api_url"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(address)
    assert refused.value.code == 403
    refused.value.close()
    served = {record["ImageId"] for record in json.loads(bench.zenoimg("api", "/images").stdout)}
    assert served == set(bench.records())


@pytest.mark.thorough
def test_bad_files_are_reported_one_by_one_and_the_good_ones_processed(bench: Bench) -> None:
    good = bench.write("bad/good.jpg", jpeg(photo((200, 200), "RGB", seed=3)))
    bench.write("bad/text.jpg", b"no picture at all\n")
    bench.write("bad/empty.jpg", b"")
    bench.write("bad/truncated.jpg", good.read_bytes()[: good.stat().st_size // 2])
    results = {result["ImageId"]: result for result in bench.json("upload", "bad", "bad/missing.jpg", code=1)}
    assert {key: result["Result"] for key, result in results.items()} == {
        "good.jpg": "processed",
        "text.jpg": "refused",
        "empty.jpg": "refused",
        "truncated.jpg": "refused",
        "missing.jpg": "failed",
    }
    assert "not an image" in results["text.jpg"]["Reason"]
    assert "empty" in results["empty.jpg"]["Reason"]
    assert "corrupt" in results["truncated.jpg"]["Reason"]
    assert "no such file" in results["missing.jpg"]["Reason"]
    copies = bench.copies()
    assert "good.jpg" in copies
    assert not copies & {"text.jpg", "empty.jpg", "truncated.jpg", "missing.jpg"}
    assert bench.records()["truncated.jpg"]["Status"] == "refused"


def test_the_same_upload_again_sends_nothing(bench: Bench) -> None:
    bench.write("same.jpg", jpeg(photo((200, 150), "RGB", seed=4)))
    (first,) = bench.json("upload", "same.jpg")
    (second,) = bench.json("upload", "same.jpg")
    assert (first["Result"], second["Result"]) == ("processed", "unchanged")
    assert first["Record"]["VersionId"] == second["Record"]["VersionId"]


@pytest.mark.thorough
def test_different_content_under_a_key_is_a_conflict_without_overwrite(bench: Bench) -> None:
    bench.write("one/IMG_0001.jpg", jpeg(photo((200, 150), "RGB", seed=5)))
    bench.write("two/IMG_0001.jpg", jpeg(photo((150, 200), "RGB", seed=6)))
    bench.json("upload", "one/IMG_0001.jpg")
    (conflict,) = bench.json("upload", "two/IMG_0001.jpg", code=1)
    assert conflict["Result"] == "conflict"
    (replaced,) = bench.json("upload", "two/IMG_0001.jpg", "--overwrite")
    assert replaced["Result"] == "processed"
    assert bench.records()["IMG_0001.jpg"]["Width"] == 150


def test_another_client_puts_and_deletes(bench: Bench) -> None:
    aws = shutil.which("aws")
    if aws is None:
        pytest.skip("the AWS CLI is not on the PATH")
    lines = bench.zenoimg("local", "env").stdout.splitlines()
    pointed = dict(line.removeprefix("export ").split("=", 1) for line in lines if line.startswith("export "))
    environment = {**bench.environment, **{name: value.strip("'") for name, value in pointed.items()}}
    path = bench.write("foreign.jpg", jpeg(photo((320, 240), "RGB", seed=7)))

    def run(*arguments: str) -> None:
        subprocess.run([aws, *arguments], env=environment, check=True, capture_output=True, timeout=60)

    run("s3", "cp", str(path), f"s3://{ORIGINALS}/{AWKWARD}")
    bench.until(lambda: AWKWARD in bench.records(), "a record of what the AWS CLI sent")
    assert AWKWARD in bench.copies()
    assert bench.records()[AWKWARD]["Status"] == "processed"
    address = bench.records()[AWKWARD]["ProcessedUrl"]
    assert address.isascii()
    assert " " not in address
    run("s3", "rm", f"s3://{ORIGINALS}/{AWKWARD}")
    bench.until(lambda: AWKWARD not in bench.records() and AWKWARD not in bench.copies(), "copy and record gone")


@pytest.mark.thorough
def test_a_key_that_ends_in_a_slash_is_left_alone(bench: Bench) -> None:
    s3 = bench.client("s3")
    s3.put_object(Bucket=ORIGINALS, Key="empty-folder/", Body=b"")
    logged = lambda: "ignored" in bench.zenoimg("tail-logs", "--since", "1m").stdout  # noqa: E731
    bench.until(logged, "the function has looked at the key")
    assert "empty-folder/" not in bench.records()
    s3.delete_object(Bucket=ORIGINALS, Key="empty-folder/")


@pytest.mark.thorough
def test_reprocess_restores_lost_records_and_processes_everything_again(bench: Bench) -> None:
    bench.write("lost.jpg", jpeg(photo((240, 180), "RGB", seed=8)))
    bench.zenoimg("upload", "lost.jpg")
    before = bench.records()["lost.jpg"]
    bench.client("dynamodb").delete_item(TableName=TABLE, Key={"ImageId": {"S": "lost.jpg"}})
    results = {result["ImageId"]: result["Result"] for result in bench.json("reprocess", "--prefix", "lost")}
    assert results == {"lost.jpg": "processed"}
    after = bench.records()["lost.jpg"]
    assert {**after, "UpdatedAt": "", "DurationMs": 0} == {**before, "UpdatedAt": "", "DurationMs": 0}
    assert bench.json("reprocess", "--prefix", "lost") == []
    assert bench.json("reprocess", "lost.jpg", "--here")[0]["Result"] == "processed"
    again = {result["ImageId"]: result["Result"] for result in bench.json("reprocess", "--all", "--prefix", "lost")}
    assert again == {"lost.jpg": "processed"}


@pytest.mark.thorough
def test_a_proxy_in_the_environment_is_never_used_for_the_embedded_aws(bench: Bench) -> None:
    bench.write("proxied.jpg", jpeg(photo((240, 180), "RGB", seed=10)))
    commands = ("status", "upload proxied.jpg", "list", "show proxied.jpg", "api /images", "download proxied.jpg -o in")
    more = ("gallery -o page", "reprocess --dry-run", "tail-logs", "deploy --yes", "local status")
    dead = dict.fromkeys(("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
    for line in (*commands, *more):
        bench.zenoimg(*line.split(), environment=dead)
    # The age of a message is requested differently.
    sqs = bench.client("sqs")
    queue = sqs.get_queue_url(QueueName="zeno-dead-letters")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="{}")
    done = bench.zenoimg("status", "--json", code=1, environment=dead)
    sqs.purge_queue(QueueUrl=queue)
    assert json.loads(done.stdout)["dead_letters"]["oldest_seconds"] is not None


@pytest.mark.thorough
def test_uploads_are_checked_against_the_deployed_limits_rather_than_this_folders(bench: Bench) -> None:
    bench.write("limits.jpg", jpeg(photo((240, 180), "RGB", seed=11)))
    done = bench.zenoimg("upload", "limits.jpg", "--json", environment={"ZENOIMG_LIMITS_MAX_BYTES": "100"})
    assert [result["Result"] for result in json.loads(done.stdout)] == ["processed"]


@pytest.mark.thorough
def test_the_logs_mention_each_image(bench: Bench) -> None:
    bench.write("logged.jpg", jpeg(photo((240, 180), "RGB", seed=9)))
    bench.zenoimg("upload", "logged.jpg")
    bench.until(lambda: "logged.jpg" in bench.zenoimg("tail-logs").stdout, "a log line of the image")
    lines = [json.loads(line) for line in bench.zenoimg("tail-logs", "--json").stdout.splitlines()]
    assert {line["function"] for line in lines} <= {"processor", "api"}
    events = [line["event"] for line in lines if isinstance(line["event"], dict)]
    (entry,) = [event for event in events if event.get("image") == "logged.jpg"]
    assert set(entry["stages_ms"]) == {"fetch", "check", "watermark", "store"}
    measured = [event for event in events if "_aws" in event]
    assert {(event["stack"], event["function"]) for event in measured} == {("zeno", "imageProcessorLambda")}
    assert [entry["original_size"]] in [event.get("bytes") for event in measured]
