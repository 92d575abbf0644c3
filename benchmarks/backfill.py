"""Measure reprocessing: ``python -m benchmarks.backfill [--keys N] [--photos N] [--originals N]``.

Three separate measurements: how fast one process fills the backfill queue of the embedded AWS (target: 1,000 images
per second); how long the embedded AWS takes for a backfill of 500 photos of 1 MB; and how much memory a selection from
100,000 originals needs compared with one from 2,000 (target: equal within 10%).
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from benchmarks.bucket_endpoint import LOST_EACH, ORIGINALS, PROCESSED, TABLE
from tests.drawn.pictures import jpeg, photo
from zenoimg.aws.session import Aws
from zenoimg.local import ACCESS_KEY, REGION, SECRET_KEY, EmbeddedAws, LocalSettings
from zenoimg.operations.inventory.selection import ListedOriginal, SelectedImage
from zenoimg.operations.pipeline import LivePipeline
from zenoimg.operations.reprocess.backfill import PendingKey, enqueue
from zenoimg.operations.reprocess.pending_keys import PendingKeys
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.settings import PipelineSettings
from zenoimg.pipeline.storage import ImageStorage
from zenoimg.stack.outputs import Deployment

IMAGES_A_SECOND, SAME_MEMORY = 1000, 1.1
_ROUNDS = 3


def main() -> None:
    """Measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=20_000, help="number of keys sent to the queue in each round")
    parser.add_argument("--photos", type=int, default=500, help="number of photos of 1 MB in the backfill; 0 skips it")
    parser.add_argument("--originals", type=int, default=100_000, help="number of originals in the selection")
    arguments = parser.parse_args()
    select(arguments.originals)
    wait(arguments.originals)
    with tempfile.TemporaryDirectory() as name, embedded(Path(name)) as aws:
        fill(aws, arguments.keys)
        if arguments.photos:
            backfill(aws, Path(name), arguments.photos)


@contextmanager
def embedded(folder: Path) -> Iterator[EmbeddedAws]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        aws = EmbeddedAws(LocalSettings(folder / "home", probe.getsockname()[1]))
    aws.start()
    try:
        yield aws
    finally:
        aws.stop()


def fill(embedded_aws: EmbeddedAws, count: int) -> None:
    """Fill a queue that has no consumer."""
    aws = Aws(
        region=REGION,
        endpoint_url=embedded_aws.settings.endpoint_url,
        credentials=(ACCESS_KEY, SECRET_KEY),
        local=True,
    )
    best = 0.0
    for number in range(_ROUNDS):
        url = aws.sqs.create_queue(QueueName=f"round-{number}")["QueueUrl"]
        settings = PipelineSettings(ORIGINALS, PROCESSED, TABLE, "http://copies")
        storage, catalog = ImageStorage(aws.s3, settings), Catalog(aws.dynamodb, TABLE)
        deployment = Deployment(ORIGINALS, PROCESSED, TABLE, backfill_queue_url=url)
        pipeline = LivePipeline(aws, deployment, settings, storage, catalog)
        chosen = (_selected(key) for key in range(count))
        began = time.perf_counter()
        sent = sum(1 for _ in enqueue(pipeline, chosen, force=False))
        best = max(best, sent / (time.perf_counter() - began))
        aws.sqs.delete_queue(QueueUrl=url)
    verdict = "within" if best >= IMAGES_A_SECOND else "NOT within"
    print(f"Queue: {best:,.0f} images per second, best of {_ROUNDS} rounds of {count:,}: {verdict} the target")


def backfill(aws: EmbeddedAws, folder: Path, count: int) -> None:
    """Reprocess originals without events through the queue and the function, by the command."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ZENOIMG_"))} | {
        "ZENOIMG_LOCAL": "1",
        "ZENOIMG_LOCAL_HOME": str(aws.settings.home),
        "ZENOIMG_LOCAL_PORT": str(aws.settings.port),
    }

    def zenoimg(*arguments: str) -> Any:
        command = [sys.executable, "-m", "zenoimg", *arguments, "--json"]
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{arguments}: {done.stdout}\n{done.stderr}")
        return json.loads(done.stdout)

    bucket = zenoimg("deploy")["outputs"]["originals_bucket"]
    s3 = boto3.client(
        "s3",
        region_name=REGION,
        endpoint_url=aws.settings.endpoint_url,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    pictures = [jpeg(photo((2000, 1500), "RGB", seed=seed)) for seed in range(5)]
    for number in range(count):
        body = pictures[number % 5].ljust(1_000_000, b"\0")[: max(1_000_000, len(pictures[number % 5]))]
        s3.put_object(Bucket=bucket, Key=f"{number:04}.jpg", Body=body)
    size = sum(map(len, pictures)) / 5e6
    began = time.perf_counter()
    results = zenoimg("reprocess", "--missing")
    seconds = time.perf_counter() - began
    assert len(results) == count
    assert {result["Result"] for result in results} == {"processed"}
    assert zenoimg("status", "--check")["audit"]["findings"] == {}
    print(f"Backfill: {count} photos of 1 MB ({size:.2f} MB of it picture) in {seconds:.0f} s, {count / seconds:.1f}/s")


def select(originals: int) -> None:
    """Run the command with --dry-run in a separate process."""
    few, few_mb, _ = _dry_run(2000)
    many, many_mb, seconds = _dry_run(originals)
    assert (few, many) == (2000 // LOST_EACH, originals // LOST_EACH)
    verdict = "within" if many_mb <= few_mb * SAME_MEMORY else "NOT within"
    print(
        f"Selection: {originals:,} originals in {seconds:.1f} s with {many_mb:.0f} MB; "
        f"2,000 with {few_mb:.0f} MB: {verdict} the target"
    )


def wait(keys: int) -> None:
    """Measure the memory for keys that are being waited for."""
    tracemalloc.start()
    with PendingKeys() as sent:
        for number in range(keys):
            sent.put(PendingKey.of(_selected(number), "2025-06-12T16:00:00Z", force=False))
        while sent.take(200):
            pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"Waiting: for {keys:,} keys {peak / 1e6:.1f} MB")


def _dry_run(originals: int) -> tuple[int, float, float]:
    """Return the number of selected images, the peak memory in MB and the seconds."""
    command = [sys.executable, "-m", "benchmarks.bucket_endpoint", str(originals)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as endpoint:
        assert endpoint.stdout is not None
        port = endpoint.stdout.readline().strip()
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ZENOIMG_"))} | {
            "ZENOIMG_ORIGINALS_BUCKET": ORIGINALS,
            "ZENOIMG_PROCESSED_BUCKET": PROCESSED,
            "ZENOIMG_TABLE": TABLE,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
        }
        run = [sys.executable, "-m", "zenoimg", "--endpoint-url", f"http://127.0.0.1:{port}"]
        began = time.perf_counter()
        zenoimg = subprocess.Popen(
            [*run, "reprocess", "--missing", "--dry-run", "--json"], env=environment, stdout=subprocess.PIPE
        )
        assert zenoimg.stdout is not None
        printed = zenoimg.stdout.read()
        _, status, usage = os.wait4(zenoimg.pid, 0)
        seconds = time.perf_counter() - began
        zenoimg.stdout.close()
        zenoimg.returncode = os.waitstatus_to_exitcode(status)
        assert zenoimg.returncode == 0, printed
        assert endpoint.stdin is not None
        endpoint.stdin.close()
    return json.loads(printed)["images"], usage.ru_maxrss / 1000, seconds


def _selected(number: int) -> SelectedImage:
    key = f"2025/06/photo-{number:07}.jpg"
    return SelectedImage(key, ListedOriginal(key, f"{number:032x}", 1_000_000, "2025-06-12T15:25:14Z"), None, "missing")


if __name__ == "__main__":
    main()
