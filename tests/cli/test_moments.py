from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from zenoimg.cli.terminal.times import duration, is_duration, local_date, local_time, moment
from zenoimg.errors import UsageError

NOW = datetime(2025, 6, 12, 16, 0, tzinfo=UTC)


@pytest.fixture
def _tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("30s", timedelta(seconds=30)),
        ("10m", timedelta(minutes=10)),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
        ("4w", timedelta(weeks=4)),
        ("0s", timedelta()),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, length: timedelta) -> None:
    assert duration(text, option="--for") == length
    assert moment(text, NOW, option="--since") == NOW - length


@pytest.mark.parametrize("text", ["", "h", "1", "-1h", "1.5h", "1h30m", "1 h", "1y", "٣h", "999999999w", "1H", "1h\n"])
def test_for_anything_else_the_error_names_the_option(text: str) -> None:
    with pytest.raises(UsageError, match="--for"):
        duration(text, option="--for")
    assert not is_duration(text)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2025-06-12T15:25:14Z", datetime(2025, 6, 12, 15, 25, 14, tzinfo=UTC)),
        ("2025-06-12T15:25:14+02:00", datetime(2025, 6, 12, 13, 25, 14, tzinfo=UTC)),
        ("2025-06-12T15:25", datetime(2025, 6, 12, 6, 25, tzinfo=UTC)),
        ("2025-06-12", datetime(2025, 6, 11, 15, tzinfo=UTC)),
    ],
)
@pytest.mark.usefixtures("_tokyo")
def test_an_iso_time_without_a_zone_is_local(text: str, at: datetime) -> None:
    assert moment(text, NOW, option="--since") == at


@pytest.mark.parametrize("text", ["yesterday", "2025-13-01", "0001-01-01T00:00:00+14:00", "99999999w", "9999999d"])
def test_for_an_invalid_time_the_error_names_the_option(text: str) -> None:
    with pytest.raises(UsageError, match="--since"):
        moment(text, NOW, option="--since")


@pytest.mark.usefixtures("_tokyo")
def test_times_are_shown_in_the_local_zone() -> None:
    assert local_time(NOW) == "2025-06-13 01:00"
    assert local_date(NOW) == "2025-06-13"
