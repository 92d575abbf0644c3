"""The helper that decodes HEIFs: what it can access, and what happens to pictures that crash it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.drawn import heifs, pictures
from tests.drawn.heifs import needs_heic
from zenoimg.imaging import Refused, watermark
from zenoimg.imaging.errors import TransientError
from zenoimg.imaging.formats.heif import decoding
from zenoimg.imaging.formats.heif.decoding import _started
from zenoimg.imaging.processes import pool
from zenoimg.imaging.processes.child_process import Helper
from zenoimg.imaging.processes.serving.wire import Answer

pytestmark = needs_heic
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc or limits another process")

Pool = pool.Pool[Helper]


@pytest.fixture
def fresh() -> Iterator[Pool]:
    own = Pool(_started, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "_POOLS", {"HEIF": own})
        yield own
    own.close()


@pytest.fixture(scope="module")
def photo() -> bytes:
    return heifs.encoded(pictures.photo((640, 480)))


def dying(monkeypatch: pytest.MonkeyPatch, deaths: int, number: int) -> list[int]:
    """Kill a number of helpers by a signal before they get a request."""
    asked: list[int] = []
    ask = Helper.ask

    def met(self: Helper, *arguments: object) -> Answer:
        asked.append(self.pid)
        if len(asked) <= deaths:
            os.kill(self.pid, number)
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        return ask(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Helper, "ask", met)
    return asked


def test_one_helper_serves_one_picture_after_another(fresh: Pool, photo: bytes) -> None:
    first = watermark(photo)
    with fresh.helper() as helper:
        pid = helper.pid
    assert watermark(photo) == first
    with fresh.helper() as helper:
        assert helper.pid == pid


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_helper_that_died_is_replaced(
    fresh: Pool, photo: bytes, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = watermark(photo)
    asked = dying(monkeypatch, 1, number)
    assert watermark(photo) == expected
    assert len(set(asked)) == 2


def test_a_picture_that_crashes_the_decoder_twice_is_refused(
    fresh: Pool, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying(monkeypatch, 2, signal.SIGSEGV)
    with pytest.raises(Refused, match="crashes the decoder") as refusal:
        watermark(photo)
    assert refusal.value.code == "corrupt"
    assert watermark(photo).format == "JPEG"


def test_killed_helpers_are_no_verdict_on_the_picture(
    fresh: Pool, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying(monkeypatch, 2, signal.SIGKILL)
    with pytest.raises(TransientError, match="HEIF helper ended with status -9"):
        watermark(photo)


def test_a_picture_that_uses_up_its_cpu_time_twice_is_refused(fresh: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    data = heifs.encoded(pictures.photo((1600, 1200)))
    monkeypatch.setattr(decoding, "_cpu_microseconds", lambda length, pixels: 1)
    with pytest.raises(Refused, match="far longer") as refusal:
        watermark(data)
    assert refusal.value.code == "corrupt"


@linux
def test_memory_is_limited(fresh: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    data = heifs.encoded(pictures.photo((1600, 1200)))
    with monkeypatch.context() as patch:
        patch.setattr(decoding, "_SPARE_MEMORY", 4 << 20)
        patch.setattr(decoding, "_MEMORY_A_PIXEL", 0)
        with pytest.raises(Refused, match=r"memory|crashes|unexpected C\+\+ exception") as refusal:
            watermark(data)
    assert refusal.value.code == "corrupt"
    assert watermark(data).format == "JPEG"


@pytest.mark.slow
@linux
def test_the_limit_of_a_small_picture_does_not_apply_to_a_larger_one(
    fresh: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "_SPARE_MEMORY", 32 << 20)
    asked = dying(monkeypatch, 0, signal.SIGKILL)
    watermark(heifs.encoded(pictures.photo((320, 240))))
    assert watermark(heifs.encoded(Image.new("RGB", (6000, 4000), "blue"), quality=20)).format == "JPEG"
    assert len(asked) == 2
    assert len(set(asked)) == 1


@linux
def test_the_helper_has_no_environment_and_writes_no_core_dumps(
    fresh: Pool, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    watermark(photo)
    with fresh.helper() as helper:
        process = Path(f"/proc/{helper.pid}")
    assert b"secret" not in (process / "environ").read_bytes()
    assert "Max core file size        0                    0" in (process / "limits").read_text()


def test_a_truncated_file_is_refused(fresh: Pool, photo: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        watermark(photo[: len(photo) // 2])
    assert refusal.value.code == "corrupt"


def test_refusals_quote_the_librarys_message(fresh: Pool, photo: bytes) -> None:
    with pytest.raises(Refused, match="cannot be decoded as HEIF: ") as refusal:
        watermark(photo[: photo.index(b"mdat") + 4] + bytes(len(photo) - photo.index(b"mdat") - 4))
    assert refusal.value.code == "corrupt"
    assert watermark(photo).format == "JPEG"
