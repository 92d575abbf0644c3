"""Run ``reconcile`` with the answers that its stores have given so far, up to the first operation without an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from tests.unit.pipeline.interleavings.world import RECIPES, World, content_of, published, refuses
from zenoimg.imaging import Limits, Recipe, Refused, Watermarked
from zenoimg.imaging.errors import NeedsMemoryError
from zenoimg.pipeline.objects.headers import CopyHeaders
from zenoimg.pipeline.reconcile import NeverSettledError, reconcile
from zenoimg.pipeline.records import ImageRecord
from zenoimg.pipeline.settings import PipelineSettings
from zenoimg.pipeline.storage import Original, PublishedCopy
from zenoimg.pipeline.tools import Tools
from zenoimg.pipeline.verdict import CopyMark

_KEY = "photo.jpg"
_MAX_MESSAGES = 2
_SETTINGS = PipelineSettings("originals", "processed", "images", "https://copies")
_MOMENT = datetime(2025, 6, 12, tzinfo=UTC)


class Suspended(BaseException):
    """The run asks its store something new; not an Exception, so that no code under test can catch it."""

    def __init__(self, operation: Callable[[World], tuple[World, Any]]) -> None:
        super().__init__()
        self.operation = operation


class StoreError(Exception):
    """A store fails: throttling, a 500, a lost connection."""


ERROR = StoreError("503")


class Replay:
    """Both stores for one run: recorded answers first, then suspension at the next question."""

    def __init__(self, answers: tuple[Any, ...]) -> None:
        self._answers = list(answers)

    def _ask(self, operation: Callable[[World], tuple[World, Any]]) -> Any:
        if not self._answers:
            raise Suspended(operation)
        answer = self._answers.pop(0)
        if isinstance(answer, StoreError):
            raise answer
        return answer

    def get_original(self, key: str, max_bytes: int) -> Original | None:
        return self.head_original(key)

    def head_original(self, key: str) -> Original | None:
        return self._ask(lambda world: (world, world.original and _original(world.original)))  # type: ignore[no-any-return]

    def get_tags(self, key: str, original: Original) -> dict[str, str] | None:
        raise AssertionError("no scenario carries tags")

    def head_copy(self, key: str) -> PublishedCopy | None:
        return self._ask(lambda world: (world, world.copy and published(world.copy)))  # type: ignore[no-any-return]

    def put_copy(
        self, key: str, data: bytes, content_type: str, mark: CopyMark, *, headers: CopyHeaders, replacing: str | None
    ) -> bool:
        assert data == content_of(mark), "the mark of a copy names its content"

        def put(world: World) -> tuple[World, bool]:
            if _etag(world) != replacing:
                return world, False
            return replace(world, copy=mark, published=world.published | {mark.source_version}), True

        return self._ask(put)  # type: ignore[no-any-return]

    def rewrite_copy(self, key: str, copy: PublishedCopy, mark: CopyMark, headers: CopyHeaders) -> bool:
        return self._ask(  # type: ignore[no-any-return]
            lambda world: (replace(world, copy=mark), True) if _etag(world) == copy.etag else (world, False)
        )

    def delete_copy(self, key: str, etag: str) -> bool:
        return self._ask(  # type: ignore[no-any-return]
            lambda world: (replace(world, copy=None), True) if _etag(world) == etag else (world, False)
        )

    def get(self, image_id: str) -> ImageRecord | None:
        return self._ask(lambda world: (world, world.record))  # type: ignore[no-any-return]

    def put(self, record: ImageRecord) -> None:
        self._ask(lambda world: (replace(world, record=record), None))

    def put_failed(self, record: ImageRecord) -> bool:
        def write(world: World) -> tuple[World, bool]:
            found = world.record
            done = ("processed", record.version_id, record.recipe)
            if found is not None and (found.status, found.version_id, found.recipe) == done:
                return world, False
            return replace(world, record=record), True

        return self._ask(write)  # type: ignore[no-any-return]

    def delete(self, image_id: str) -> None:
        self._ask(lambda world: (replace(world, record=None), None))

    def hand_over(self, key: str, force: bool) -> None:
        def send(world: World) -> tuple[World, None]:
            # A third message would only repeat what the last one has done.
            return replace(world, messages=(*world.messages, force)[:_MAX_MESSAGES]), None

        self._ask(send)


def _original(version: str) -> Original:
    return Original(version, f"etag-{version}", len(version), _MOMENT, version.encode())


def _etag(world: World) -> str | None:
    return None if world.copy is None else published(world.copy).etag


def _watermark(data: bytes, recipe: Recipe, limits: Limits, *, key: str) -> Watermarked:
    if refuses(recipe.fingerprint, data.decode()):
        raise Refused("corrupt", "refused")
    return Watermarked(content_of(CopyMark(data.decode(), recipe.fingerprint)), "JPEG", 4, 3, 1, ())


def _watermark_in_little_memory(data: bytes, recipe: Recipe, limits: Limits, *, key: str) -> Watermarked:
    if data.startswith(b"big"):
        raise NeedsMemoryError(2, 1)
    return _watermark(data, recipe, limits, key=key)


@cache
def next_step(
    recipe: str, force: bool, removed: bool, cache_control: str | None, small: bool, answers: tuple[Any, ...]
) -> Any:
    """Return the operation that a run with these answers asks for next, or how it ended."""
    store = Replay(answers)
    settings = replace(_SETTINGS, cache_control=cache_control)
    mark = _watermark_in_little_memory if small else _watermark
    tools = Tools(store, store, settings, RECIPES[recipe], Limits(), mark, lambda: _MOMENT, lambda: 0.0)
    try:
        reconcile(_KEY, tools, force=force, removed=removed, hand_over=store.hand_over if small else None)
    except Suspended as suspended:
        return suspended.operation
    except NeverSettledError:
        return "another round"
    except StoreError:
        return "failed"
    return "done"
