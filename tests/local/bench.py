"""The real command on an embedded AWS, for end-to-end tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from tests.api_calls import Calls
from tests.granted import check, possible_places
from tests.hints import check_hints
from zenoimg.local import ACCESS_KEY, ACCOUNT, REGION, SECRET_KEY, EmbeddedAws

ROOT = Path(__file__).resolve().parents[2]
ORIGINALS, PROCESSED, TABLE = "zeno-original-images", "zeno-processed-images", "zeno-images"


@dataclass(frozen=True)
class Bench:
    """One embedded AWS and the command that works on it."""

    embedded: EmbeddedAws
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        plain = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ZENOIMG_"))}
        settings = self.embedded.settings
        return {
            **plain,
            "ZENOIMG_LOCAL": "1",
            "ZENOIMG_LOCAL_HOME": str(settings.home),
            "ZENOIMG_LOCAL_PORT": str(settings.port),
            "ZENOIMG_LOCAL_IAM": "1",
            "NO_COLOR": "1",
        }

    def zenoimg(
        self, *arguments: str, code: int | None = 0, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the command, which may use only the permissions of its policy; ``environment`` is added to ours."""
        calls = self.folder.with_name(f"{self.folder.name}-{uuid.uuid4().hex}.calls")
        done = subprocess.run(
            [sys.executable, "-m", "tests.recorded_command", str(calls), *arguments],
            env={**self.environment, "PYTHONPATH": str(ROOT), **(environment or {})},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert code in (None, done.returncode), f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        check_hints(arguments, done.stdout, done.stderr)
        check(arguments, Calls.load(calls).rights, possible_places(arguments, self.folder, ACCOUNT, REGION))
        return done

    def json(self, *arguments: str, code: int | None = 0) -> Any:
        return json.loads(self.zenoimg(*arguments, "--json", code=code).stdout)

    def client(self, service: Any) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.embedded.settings.endpoint_url,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )

    def records(self) -> dict[str, dict[str, Any]]:
        return {record["ImageId"]: record for record in self.json("list")}

    def copies(self) -> set[str]:
        listed = self.client("s3").list_objects_v2(Bucket=PROCESSED).get("Contents", [])
        return {item["Key"].removeprefix("processed/") for item in listed}

    def copy(self, key: str) -> bytes:
        body: bytes = self.client("s3").get_object(Bucket=PROCESSED, Key=f"processed/{key}")["Body"].read()
        return body

    def until(self, true: Callable[[], bool], what: str, seconds: float = 60) -> None:
        """Wait for the functions, which work asynchronously."""
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, f"never came true: {what}\n{self.zenoimg('tail-logs').stdout}"
            time.sleep(0.1)

    def write(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path
