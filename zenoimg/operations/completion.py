"""What a shell completes: image ids and stack names, quickly, or not at all.

Ids come from one listing of the originals bucket that starts with what was typed. The answer is kept for a
minute beside the names of the stacks, in a small file: while a key is typed on, no further call is made.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zenoimg.operations.output.whole_file import write_file

if TYPE_CHECKING:
    from zenoimg.aws.session import Aws
    from zenoimg.config.load import Settings

MOST_IDS = 1000
_ANSWER_SECONDS, _NAMES_SECONDS = 60.0, 86_400.0


@dataclass(frozen=True)
class Memory:
    """The file that remembers; ``now`` in seconds since 1970. A file that cannot be read or written is no memory."""

    path: Path
    now: Callable[[], float] = time.time

    def recall(self, key: str, seconds: float) -> Any:
        """What was kept under a key, unless it is older than this; else ``None``."""
        found = self._read().get(key)
        if not isinstance(found, dict) or not 0 <= self.now() - float(found.get("at", 0)) <= seconds:
            return None
        return found.get("value")

    def keep(self, key: str, value: Any) -> None:
        """Keep a value under a key."""
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
    """The keys of originals that start with a text, at most ``MOST_IDS``; ``where`` tells accounts apart.

    Raises whatever AWS or the settings raise.
    """
    scope = f"{where}|{settings.stack}|{settings.names}"
    last = memory.recall(f"ids|{scope}", _ANSWER_SECONDS)
    if isinstance(last, dict) and last["complete"] and start.startswith(last["start"]):
        return [key for key in last["ids"] if key.startswith(start)]
    from zenoimg.stack.outputs import read_stack  # costs half of an answer from memory

    aws = connect()
    bucket = settings.names["originals_bucket"] if settings.names else memory.recall(f"bucket|{scope}", _NAMES_SECONDS)
    if bucket is None:
        state = read_stack(aws.cloudformation, settings.stack)
        if state is None:
            return []
        bucket = state.outputs["OriginalsBucket"]
        memory.keep(f"bucket|{scope}", bucket)
    answer = aws.s3.list_objects_v2(Bucket=bucket, Prefix=start, MaxKeys=MOST_IDS)
    ids = [item["Key"] for item in answer.get("Contents", []) if not item["Key"].endswith("/")]
    memory.keep(f"ids|{scope}", {"start": start, "complete": not answer["IsTruncated"], "ids": ids})
    return ids


def stack_names(where: str, memory: Memory, connect: Callable[[], Aws]) -> list[str]:
    """The names of the stacks that are ours: those with our outputs. Raises whatever AWS raises."""
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
