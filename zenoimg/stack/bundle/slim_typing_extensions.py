"""The names that Powertools imports from ``typing_extensions``; the layer ships this file under that name.

The real ``typing_extensions`` is compiled at every cold start, and takes 15% of the time to import boto3 and
create a client. Python 3.13, the functions' runtime, provides all of these names.
"""

from __future__ import annotations

from typing import Any, NotRequired, ParamSpec

try:
    from typing import override  # type: ignore[attr-defined,unused-ignore]
    from warnings import deprecated  # type: ignore[attr-defined,unused-ignore]
except ImportError:  # the embedded AWS on an older Python: no tool reads these markers there

    def override(method: Any) -> Any:
        """Return the method unchanged."""
        return method

    def deprecated(*_: Any, **__: Any) -> Any:
        """Return a decorator that does nothing."""
        return override


__all__ = ["NotRequired", "ParamSpec", "deprecated", "override"]
