"""Image ids and stack names for shell completion, from one fast call or from a cache.

Ids come from one listing of the originals bucket with the typed prefix. The response is cached in a small file for a
minute, together with the names of stacks, so that further typing makes no calls.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zenoimg.imaging.whole_file import write_file

if TYPE_CHECKING:
    from zenoimg.aws.session import Aws
    from zenoimg.config.load import Settings

MAX_IDS = 1000
_ANSWER_SECONDS, _NAMES_SECONDS = 60.0, 86_400.0


@dataclass(frozen=True)
class Memory:
    """A cache file; ``now`` is in seconds since 1970. If the file cannot be read or written, nothing is cached."""

    path: Path
    now: Callable[[], float] = time.time

    def recall(self, key: str, seconds: float) -> Any:
        """Return the value of a key, or ``None`` if it is missing or older than ``seconds``."""
        found = self._read().get(key)
        if not isinstance(found, dict) or not 0 <= self.now() - float(found.get("at", 0)) <= seconds:
            return None
        return found.get("value")

    def keep(self, key: str, value: Any) -> None:
        """Store a value, and drop expired ones."""
        kept = {name: item for name, item in self._read().items() if self._is_young(item)}
        kept[key] = {"at": self.now(), "value": value}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_file(self.path, json.dumps(kept).encode(), replace=True, mode=0o600)
        except OSError:
            return

    def _is_young(self, item: Any) -> bool:
        return isinstance(item, dict) and self.now() - float(item.get("at", 0)) <= _NAMES_SECONDS

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def image_ids(settings: Settings, where: str, start: str, memory: Memory, connect: Callable[[], Aws]) -> list[str]:
    """Return at most ``MAX_IDS`` keys of originals with a prefix; ``where`` tells accounts apart.

    Raises botocore's errors.
    """
    scope = f"{where}|{settings.stack}|{settings.names}"
    last = memory.recall(f"ids|{scope}", _ANSWER_SECONDS)
    if isinstance(last, dict) and last["complete"] and start.startswith(last["start"]):
        return [key for key in last["ids"] if key.startswith(start)]
    from zenoimg.stack.outputs import read_stack  # importing it takes half the time of a completion from the cache

    aws = connect()
    bucket = settings.names["originals_bucket"] if settings.names else memory.recall(f"bucket|{scope}", _NAMES_SECONDS)
    if bucket is None:
        state = read_stack(aws.cloudformation, settings.stack)
        if state is None:
            return []
        bucket = state.outputs["OriginalsBucket"]
        memory.keep(f"bucket|{scope}", bucket)
    answer = aws.s3.list_objects_v2(Bucket=bucket, Prefix=start, MaxKeys=MAX_IDS)
    ids = [item["Key"] for item in answer.get("Contents", []) if not item["Key"].endswith("/")]
    memory.keep(f"ids|{scope}", {"start": start, "complete": not answer["IsTruncated"], "ids": ids})
    return ids


def stack_names(where: str, memory: Memory, connect: Callable[[], Aws]) -> list[str]:
    """Return the names of the stacks with our outputs. Raises botocore's errors."""
    known = memory.recall(f"stacks|{where}", _ANSWER_SECONDS)
    if known is None:
        pages = connect().cloudformation.get_paginator("describe_stacks").paginate()
        stacks = [stack for page in pages for stack in page["Stacks"]]
        known = sorted(
            stack["StackName"]
            for stack in stacks
            if {"OriginalsBucket", "RecipeFingerprint"} <= {output["OutputKey"] for output in stack.get("Outputs", [])}
        )
        memory.keep(f"stacks|{where}", known)
    return [str(name) for name in known]
