"""Parse and format times and durations: ``2d``, ``1h``, an ISO time, a local date."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from zenoimg.errors import UsageError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(text: str, *, option: str) -> timedelta:
    """Parse a duration: ``30s``, ``10m``, ``2h``, ``1d`` or ``4w``.

    Raises ``UsageError`` naming the option.
    """
    found = _duration(text)
    if found is None:
        raise UsageError(f"{option} {text!r} is not valid", next_step="Use 30s, 10m, 2h, 1d or 4w.")
    return found


def moment(text: str, now: datetime, *, option: str) -> datetime:
    """Parse a duration before ``now``, or an ISO time (local unless it names a zone); return an aware time in UTC.

    Raises ``UsageError`` naming the option.
    """
    back = _duration(text)
    try:
        return now - back if back is not None else datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option} {text!r} is not valid", next_step="Use 30s, 10m, 2h, 1d, 4w or 2025-06-12T15:25."
        ) from None


def is_duration(text: str) -> bool:
    """Return whether a string is a duration rather than a time."""
    return _duration(text) is not None


def local_time(moment: datetime) -> str:
    """Return ``2025-06-12 17:25`` in the local time zone."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def local_date(moment: datetime) -> str:
    """Return ``2025-06-12`` in the local time zone."""
    return moment.astimezone().strftime("%Y-%m-%d")


def _duration(text: str) -> timedelta | None:
    found = re.fullmatch(r"([0-9]{1,9})([smhdw])", text)
    if found is None:
        return None
    try:
        return timedelta(**{_UNITS[found[2]]: int(found[1])})
    except OverflowError:
        return None
