"""Watermark photos on this machine, without AWS: files in, watermarked copies next to them or elsewhere.

photos ──► plan (which copy goes where) ──► one process per core watermarks ──► this process writes ──► result

Worker processes return bytes and this process writes them, so an interruption leaves no partial copy.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from zenoimg.errors import UsageError, ZenoError
from zenoimg.imaging import Limits, Recipe, RecipeError, Refused, Watermarked, WatermarkSpec, watermark
from zenoimg.imaging.errors import DECODER_MISSING
from zenoimg.imaging.formats import file_name
from zenoimg.imaging.formats.heif.availability import missing_with
from zenoimg.imaging.whole_file import write_file
from zenoimg.operations.output.choice import PREVIEW, STDOUT, output_kind
from zenoimg.suggest import suggest_install

State = Literal["marked", "refused", "failed"]

_TEXT_ONLY = ("text", "text_default", "color", "outline", "font")


@dataclass(frozen=True)
class MarkChoices:
    """Overrides of the mark from the command line; ``None`` keeps the configured value. See ``WatermarkSpec``."""

    text: str | None = None
    text_default: str | None = None
    logo: Path | None = None
    position: str | None = None
    scale: float | None = None
    margin: float | None = None
    opacity: float | None = None
    color: str | None = None
    outline: str | None = None
    angle: float | None = None
    font: Path | None = None


@dataclass(frozen=True)
class Job:
    """A photo and the path of its copy, or ``None`` if the caller writes the bytes."""

    source: Path
    target: Path | None


@dataclass(frozen=True)
class PreviewResult:
    """The result for one photo.

    ``copy`` is set if the state is ``marked``, without its data once that is in a file. ``code`` is a
    ``Refused`` code, ``unreadable`` or ``unwritable``. Sizes are in bytes.
    """

    job: Job
    state: State
    code: str = ""
    reason: str = ""
    original_size: int = 0
    copy_size: int = 0
    copy: Watermarked | None = None


def recipe_with(recipe: Recipe, choices: MarkChoices) -> Recipe:
    """Return the configured recipe with overrides from the command line; a text replaces a logo and vice versa.

    Raises ``UsageError`` naming the option.
    """
    given = {field.name: getattr(choices, field.name) for field in fields(choices)}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if choices.text is not None and choices.logo is not None:
        raise UsageError("--text and --logo exclude each other")
    for name in ("logo", "font"):
        if name in changes:
            changes[name] = _option_file(name, changes[name])
    if choices.text is not None:
        changes["logo"] = None
    if choices.logo is not None:
        defaults = {field.name: field.default for field in fields(WatermarkSpec) if field.name in _TEXT_ONLY}
        changes = {**defaults, **changes}
    if not changes:
        return recipe
    try:
        return replace(recipe, watermark=replace(recipe.watermark or WatermarkSpec(), **changes))
    except RecipeError as error:
        raise UsageError(f"--{error.field.replace('_', '-')}: {error.message}") from error


def plan(photos: Sequence[Path], output: str | None) -> list[Job]:
    """Decide which copy goes where: ``NAME.marked.EXT`` next to the photo or in a folder, or the named file.

    A copy in a format other than its photo's gets the extension of that format when it is written.
    ``output_kind`` says what ``output`` is. Raises ``UsageError`` if two copies would be the same file, or if
    several would go to standard output.
    """
    if output == STDOUT:
        if len(photos) != 1:
            raise UsageError("-o - writes one copy to standard output, but several photos are given")
        return [Job(photos[0], None)]
    jobs: dict[Path, Job] = {}
    for photo in dict.fromkeys(photos):
        target = _target(photo, output, alone=len(set(photos)) == 1)
        earlier = jobs.setdefault(target, Job(photo, target))
        if earlier.source != photo:
            raise UsageError(
                f"the copies of {earlier.source} and {photo} would both be {target}",
                next_step="Mark them in two runs with different -o folders.",
            )
    return list(jobs.values())


def mark(
    jobs: Sequence[Job], recipe: Recipe, limits: Limits, *, force: bool, workers: int, key: str = ""
) -> Iterator[PreviewResult]:
    """Yield a result for each job as it becomes known: in order with one worker, in any order with more.

    ``force`` replaces existing files, but never one of the photos. ``key`` is the id for the mark's text; if empty,
    the name of each photo.
    """
    ready: list[Job] = []
    for job in jobs:
        obstacle = _obstacle(job, jobs, force=force)
        if obstacle:
            yield PreviewResult(job, "failed", "unwritable", obstacle)
        else:
            ready.append(job)
    workers = min(workers, len(ready))
    if workers > 1:
        marked = _in_processes(ready, recipe, limits, workers, key)
    else:
        marked = ((job, _marked(job.source, recipe, limits, key)) for job in ready)
    for job, result in marked:
        yield _written(job, result, force=force)


@dataclass(frozen=True)
class _Marked:
    """The result of a worker: a copy, or the reason why there is none."""

    size: int
    copy: Watermarked | None = None
    code: str = ""
    reason: str = ""


def _marked(source: Path, recipe: Recipe, limits: Limits, key: str) -> _Marked:
    size = 0
    try:
        if source.exists() and not source.is_file():
            return _Marked(0, code="unreadable", reason="is a folder or a device, not a file")
        size = source.stat().st_size
        limits.check_bytes(size)
        return _Marked(size, watermark(source.read_bytes(), recipe, limits, key=key or source.name))
    except Refused as refusal:
        missing = refusal.code == DECODER_MISSING
        reason = missing_with(suggest_install("heic")) if missing else refusal.message
        return _Marked(size, code=refusal.code, reason=reason)
    except FileNotFoundError:
        return _Marked(0, code="unreadable", reason="does not exist")
    except (OSError, ValueError) as failure:  # ValueError: a name with a null byte
        return _Marked(0, code="unreadable", reason=f"cannot be read: {_why(failure)}")


def _in_processes(
    jobs: Iterable[Job], recipe: Recipe, limits: Limits, workers: int, key: str
) -> Iterator[tuple[Job, _Marked]]:
    """Mark in worker processes, with at most two photos pending per worker, so that few copies wait in memory."""
    # Spawned rather than forked, since this process may run threads that draw progress.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker, initargs=(recipe, limits, key))
    queue = iter(jobs)
    running: dict[Future[_Marked], Job] = {}
    try:
        while True:
            for job in queue:
                running[pool.submit(_marked_in_worker, job.source)] = job
                if len(running) >= 2 * workers:
                    break
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()
        pool.shutdown()
    except BrokenProcessPool:
        raise ZenoError(
            "a worker process ended abruptly, probably out of memory",
            next_step="Mark fewer photos in parallel, for example with --workers 1.",
            code="worker-died",
        ) from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in multiprocessing.active_children():  # one is left only after an interruption
            child.terminate()


_setting: tuple[Recipe, Limits, str] | None = None
"""Set once per worker process, so that logo and font are not sent with every photo."""


def _start_worker(recipe: Recipe, limits: Limits, key: str) -> None:
    global _setting
    # The terminal sends Ctrl-C to the workers as well; the parent ends them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _setting = recipe, limits, key


def _marked_in_worker(source: Path) -> _Marked:
    if _setting is None:
        raise RuntimeError("the worker process was not started by _start_worker")
    return _marked(source, *_setting)


def _written(job: Job, marked: _Marked, *, force: bool) -> PreviewResult:
    if marked.copy is None:
        state: State = "failed" if marked.code == "unreadable" else "refused"
        return PreviewResult(job, state, marked.code, marked.reason, marked.size)
    copy, copy_size = marked.copy, len(marked.copy.data)
    if job.target is not None and copy.format != copy.source_format:
        job = replace(job, target=job.target.with_name(file_name(job.target.name, copy.format)))
    try:
        if job.target is not None:
            write_file(job.target, copy.data, replace=force)
            copy = replace(copy, data=b"")
    except FileExistsError:
        return PreviewResult(job, "failed", "unwritable", _exists(job.target), marked.size)
    except OSError as failure:
        reason = f"{job.target} cannot be written: {_why(failure)}"
        return PreviewResult(job, "failed", "unwritable", reason, marked.size)
    return PreviewResult(job, "marked", original_size=marked.size, copy_size=copy_size, copy=copy)


def _target(photo: Path, output: str | None, *, alone: bool) -> Path:
    name = f"{photo.stem}{PREVIEW}{photo.suffix}"
    if output is None:
        return photo.with_name(name) if photo.name else photo / name
    return Path(output, name) if output_kind(output, single=alone) == "folder" else Path(output)


def _obstacle(job: Job, jobs: Sequence[Job], *, force: bool) -> str:
    """Return what prevents writing a copy, or an empty string, before work is spent on it. Create its folder."""
    if job.target is None:
        return ""
    try:
        if job.target.parent != job.source.parent:
            job.target.parent.mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(job.target):
            return ""
        if job.target.is_dir():
            return f"{job.target} is a folder"
        if any(_is_same(job.target, other.source) for other in jobs):
            return f"{job.target} is one of the photos, and photos are never replaced"
    except (OSError, ValueError) as failure:
        return f"{job.target} cannot be written: {_why(failure)}"
    return "" if force else _exists(job.target)


def _is_same(target: Path, source: Path) -> bool:
    try:
        return target.samefile(source)
    except OSError:
        return False


def _exists(target: Path | None) -> str:
    return f"{target} already exists; --force replaces it"


def _option_file(option: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as failure:
        raise UsageError(f"--{option}: {path} cannot be read: {_why(failure)}") from failure


def _why(failure: OSError | ValueError) -> str:
    return (isinstance(failure, OSError) and failure.strerror) or str(failure)
