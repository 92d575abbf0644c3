"""Shell completion of image ids and stack names. It must not fail, hang or print anything."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from zenoimg.aws.session import Aws
    from zenoimg.config.load import Settings
    from zenoimg.operations.completion import Memory

#: Ids are untrusted, and completion scripts evaluate their input, so only ids with these characters are offered.
_HARMLESS = re.compile(r"[\w./+,%][\w ./+,@%()&#~=-]*")
#: Bash splits words at these characters, and would append an id to its own beginning.
_BREAKS_BASH = re.compile(r"[@=]")
_TO_ESCAPE = re.compile(r"([^\w./+,%-])")


def image_ids(context: typer.Context, incomplete: str) -> list[str]:
    """Return ids that start with the typed text."""

    def look(settings: Settings, where: str, memory: Memory, connect: Callable[[], Aws]) -> list[str]:
        from zenoimg.operations import completion

        return completion.image_ids(settings, where, incomplete, memory, connect)

    return _for_shell(_quietly(context, look), incomplete, os.environ.get("_ZENOIMG_COMPLETE", ""))


def stack_names(context: typer.Context, incomplete: str) -> list[str]:
    """Return the names of the stacks in this account and region."""

    def look(settings: Settings, where: str, memory: Memory, connect: Callable[[], Aws]) -> list[str]:
        from zenoimg.operations import completion

        return completion.stack_names(where, memory, connect)

    return [name for name in _quietly(context, look) if name.startswith(incomplete)]


def _for_shell(ids: list[str], incomplete: str, shell: str) -> list[str]:
    harmless = [image_id for image_id in ids if _HARMLESS.fullmatch(image_id) and image_id.isprintable()]
    if "bash" not in shell:
        return harmless  # zsh and fish do their own escaping
    if _TO_ESCAPE.search(incomplete):
        return []  # bash passes the word without its escapes, which cannot be restored
    return [_TO_ESCAPE.sub(r"\\\1", image_id) for image_id in harmless if not _BREAKS_BASH.search(image_id)]


def _quietly(
    context: typer.Context, look: Callable[[Settings, str, Memory, Callable[[], Aws]], list[str]]
) -> list[str]:
    try:
        from zenoimg.config.load import load
        from zenoimg.operations.completion import Memory

        settings = load(_options(context), os.environ, Path.cwd())
        where = "|".join(str(part or "") for part in (*_endpoint(settings), settings.profile, settings.region))
        return look(settings, where, Memory(_cache_file()), lambda: _connect(settings))
    except Exception:  # noqa: BLE001 - a failed completion completes nothing
        return []


def _options(context: typer.Context) -> Any:
    """Return the global options on the command line so far, before and after the command's name."""
    from dataclasses import fields

    from zenoimg.config.load import GlobalOptions

    given: dict[str, Any] = {}
    at: Any = context
    while at is not None:
        given = {name: value for name, value in at.params.items() if value is not None} | given
        at = at.parent
    return GlobalOptions(**{each.name: given[each.name] for each in fields(GlobalOptions) if each.name in given})


def _endpoint(settings: Settings) -> tuple[str, str]:
    if settings.local:
        from zenoimg.cli.framework.embedded import embedded_aws

        return "local", embedded_aws().settings.endpoint_url
    # A different access key may mean another account, where the stack has other names; its last characters differ.
    who = os.environ.get("AWS_PROFILE", "") + os.environ.get("AWS_ACCESS_KEY_ID", "")[-4:]
    return who, settings.endpoint_url or os.environ.get("AWS_ENDPOINT_URL", "")


def _connect(settings: Settings) -> Aws:
    """Return a session with short timeouts. It never starts the embedded AWS."""
    os.environ.setdefault("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "1")
    from zenoimg import local
    from zenoimg.aws.session import Aws

    if settings.local:
        keys = (local.ACCESS_KEY, local.SECRET_KEY)
        return Aws(
            region=local.REGION, endpoint_url=_endpoint(settings)[1], credentials=keys, local=True, impatient=True
        )
    return Aws(profile=settings.profile, region=settings.region, endpoint_url=settings.endpoint_url, impatient=True)


def _cache_file() -> Path:
    """Return the path according to the XDG base directory specification, without a package for it."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "zenoimg" / "completion.json"
