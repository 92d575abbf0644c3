"""Run the demo: deploy to the embedded AWS, upload photos, list them, call the API, fetch the copies.

Every step is a command that you can type yourself; it is printed before it runs. ``make demo`` calls this.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from demo.comparison import before_after
from demo.scenery import draw

OUTPUT = Path("demo-output")


def main(arguments: list[str]) -> int:
    """Run the demo with the user's photos, or with drawn ones; return the exit code."""
    photos = [Path(argument) for argument in arguments]
    _ignore_user_settings()
    with _stage("Deploy"):
        _zenoimg("--local", "deploy")
    if not photos:
        with _stage("Draw three sample photos"):
            photos = _samples()
    with _stage("Upload, and wait until imageProcessorLambda has watermarked them"):
        uploaded = _zenoimg("--local", "upload", *map(str, photos), check=False)
    if uploaded > 1:  # not photos that were refused, but a command that could not run
        return uploaded
    with _stage("List"):
        _zenoimg("--local", "list")
    with _stage("GET /images, signed, over HTTP"):
        _zenoimg("--local", "api", "/images")
    with _stage("Fetch the copies"):
        pictures = _fetch(photos)
    _print_next_steps(pictures)
    return uploaded


def _ignore_user_settings() -> None:
    # The demo uses only the embedded AWS, never a stack that the user's own settings name.
    for name in [name for name in os.environ if name.startswith("ZENOIMG_") and "LOCAL" not in name]:
        del os.environ[name]


def _samples() -> list[Path]:
    folder = OUTPUT / "originals"
    if folder.is_dir() and len(found := sorted(folder.iterdir())) == 3:
        print(f"using those of the last run in {folder}")
        return found
    folder.mkdir(parents=True, exist_ok=True)
    return draw(folder)


def _zenoimg(*arguments: str, check: bool = True) -> int:
    print(f"$ zenoimg {shlex.join(arguments)}", flush=True)
    done = subprocess.run([sys.executable, "-m", "zenoimg", *arguments], check=False)  # noqa: S603
    if check and done.returncode != 0:
        sys.exit(done.returncode)
    return done.returncode


def _fetch(photos: list[Path]) -> list[Path]:
    """Download the watermarked copies; return pictures that show each next to its original."""
    from zenoimg.aws.session import Aws
    from zenoimg.config.load import Settings
    from zenoimg.local import ACCESS_KEY, REGION, SECRET_KEY, EmbeddedAws, LocalSettings
    from zenoimg.operations.pipeline import connect
    from zenoimg.operations.upload.sources import Selection, walk

    endpoint = EmbeddedAws(LocalSettings.from_environment(os.environ)).settings.endpoint_url
    aws = Aws(region=REGION, endpoint_url=endpoint, credentials=(ACCESS_KEY, SECRET_KEY), local=True)
    pipeline = connect(aws, Settings(local=True))
    sources = {source.key: source.path for source in walk(photos, Selection())}
    made = []
    for key, record in sorted(pipeline.catalog.get_many(sources).items()):
        if record.status != "processed":
            continue
        copy = _copy(aws, pipeline.settings, key)
        target = OUTPUT / "copies" / key
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(copy)
        sheet = OUTPUT / f"before-after-{Path(key).name}.jpg"
        before_after(sources[key].read_bytes(), copy, sheet)
        made.append(sheet)
        print(f"{target}\n{sheet}")
    return made


def _copy(aws: Any, settings: Any, key: str) -> bytes:
    body: bytes = aws.s3.get_object(Bucket=settings.processed_bucket, Key=settings.copy_key(key))["Body"].read()
    return body


@contextmanager
def _stage(title: str) -> Iterator[None]:
    print(f"\n── {title} " + "─" * max(0, 76 - len(title)), flush=True)
    started = time.monotonic()
    yield
    print(f"   {time.monotonic() - started:.1f} s", flush=True)


def _print_next_steps(pictures: list[Path]) -> None:
    zenoimg = Path(sys.executable).with_name("zenoimg")
    command = os.path.relpath(zenoimg)
    print()
    if pictures:
        print(f"Look at {pictures[0]} and at the copies in {OUTPUT / 'copies'}{os.sep}")
    print(f"The embedded AWS is still running.   To stop it:  {command} local stop")
    print(f"On a real account, leave out --local:  {command} --profile NAME --region REGION deploy")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
