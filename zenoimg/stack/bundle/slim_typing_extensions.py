"""The names that Powertools takes of ``typing_extensions``; the layer holds this file under that name.

The whole of ``typing_extensions`` is compiled at each cold start and costs 15% of the time that boto3 and its
client take. Python 3.13, which the functions run on, has all of these by itself.
"""

from __future__ import annotations

from typing import Any, NotRequired, ParamSpec

try:
    from typing import override  # type: ignore[attr-defined,unused-ignore]
    from warnings import deprecated  # type: ignore[attr-defined,unused-ignore]
except ImportError:  # on the embedded AWS with an older Python, where nobody reads what they say

    def override(method: Any) -> Any:
        """Mark nothing."""
        return method

    def deprecated(*_: Any, **__: Any) -> Any:
        """Warn of nothing."""
        return override


__all__ = ["NotRequired", "ParamSpec", "deprecated", "override"]
