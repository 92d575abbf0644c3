"""Watch a folder for changes reported by the operating system, with the optional package watchfiles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from zenoimg.errors import ConfigurationError
from zenoimg.suggest import suggest_install

_PAUSE_MILLISECONDS = 200


def changes(folder: Path, *, recursive: bool) -> Iterator[set[Path]]:
    """Yield the paths that changed, at least every 0.2 s; the first set is empty and comes once the folder is watched.

    Raises ``ConfigurationError`` if the package is not installed.
    """
    try:
        from watchfiles import watch
    except ImportError as error:
        raise ConfigurationError(
            "watching a folder needs the package watchfiles",
            next_step=f"Install it with: {suggest_install('watch')}",
        ) from error
    found = watch(
        folder,
        watch_filter=None,
        debounce=_PAUSE_MILLISECONDS,
        step=50,
        rust_timeout=_PAUSE_MILLISECONDS,
        yield_on_timeout=True,
        recursive=recursive,
        ignore_permission_denied=True,
    )
    for changed in found:
        yield {Path(path) for _, path in changed}
