"""Helpers that die, unusable libraries, and what a helper can access."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from tests.drawn import pictures
from zenoimg.imaging import Refused, Watermarked, watermark
from zenoimg.imaging.errors import TransientError
from zenoimg.imaging.formats.jpeg.coefficients import editor
from zenoimg.imaging.formats.jpeg.coefficients.libjpeg_process import JpegHelper
from zenoimg.imaging.formats.jpeg.coefficients.library import bundled_libjpeg
from zenoimg.imaging.formats.jpeg.coefficients.worker import layouts
from zenoimg.imaging.processes import pool
from zenoimg.imaging.processes.child_process import Helper
from zenoimg.imaging.processes.serving import wire

Pool = pool.Pool[JpegHelper]

PHOTO = pictures.jpeg(pictures.photo((640, 480)))
ROOT = Path(__file__).parents[5]

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc or limits another process")


@pytest.fixture
def fresh() -> Iterator[Pool]:
    """Replace the process's pool by one for the test."""
    library = bundled_libjpeg()
    assert library is not None, "these tests need Pillow from a wheel"
    own = Pool(partial(JpegHelper, library), 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "_POOLS", {("JPEG", library): own})
        yield own
    own.close()


def pid_of(own: Pool) -> int:
    with own.helper() as helper:
        return helper.pid


def dying(monkeypatch: pytest.MonkeyPatch, deaths: int, act: Callable[[Helper], None]) -> list[int]:
    """Let something happen to the first helpers before they get a request."""
    asked: list[int] = []
    ask = Helper.ask

    def met(self: Helper, *arguments: object) -> wire.Answer:
        asked.append(self.pid)
        if len(asked) <= deaths:
            act(self)
        return ask(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Helper, "ask", met)
    return asked


def killed(helper: Helper) -> None:
    os.kill(helper.pid, signal.SIGKILL)
    os.waitid(os.P_PID, helper.pid, os.WEXITED | os.WNOWAIT)


def test_one_helper_serves_one_picture_after_another(fresh: Pool) -> None:
    first = watermark(PHOTO)
    pid = pid_of(fresh)
    assert watermark(PHOTO).data == first.data
    assert pid_of(fresh) == pid
    assert first.encoding == "coefficients"


def test_threads_have_a_helper_each(fresh: Pool) -> None:
    with fresh.helper() as one, fresh.helper() as other:
        assert one.pid != other.pid
    done: list[Watermarked] = []
    threads = [threading.Thread(target=lambda: done.append(watermark(PHOTO))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {copy.data for copy in done} == {watermark(PHOTO).data}
    assert len(done) == 4


def test_a_helper_that_was_killed_is_replaced_and_the_picture_is_copied(
    fresh: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = watermark(PHOTO)
    asked = dying(monkeypatch, 1, killed)
    assert watermark(PHOTO) == expected
    assert len(set(asked)) == 2


def test_a_second_crash_is_no_verdict_on_the_picture(fresh: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = dying(monkeypatch, 2, killed)
    with pytest.raises(TransientError, match="status -9"):
        watermark(PHOTO)
    assert len(set(asked)) == 2
    assert watermark(PHOTO).encoding == "coefficients"


def test_a_picture_that_uses_up_its_cpu_time_twice_is_refused(fresh: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    data = pictures.jpeg(Image.effect_noise((4000, 3000), 90), qtables=[[1] * 64])  # many ticks of the kernel clock
    monkeypatch.setattr(editor, "_cpu_microseconds", lambda length, pixels: 1)
    with pytest.raises(Refused, match="far longer") as refusal:
        watermark(data)
    assert refusal.value.code == "corrupt"


@linux
def test_lack_of_memory_is_no_verdict_on_the_picture(fresh: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """libjpeg then ends the helper as it does for damaged pictures; the code in the control page tells them apart."""
    monkeypatch.setattr(Helper, "ask", short_of_memory)
    with pytest.raises(MemoryError, match="coefficients"):
        watermark(pictures.jpeg(pictures.photo((2000, 1500))))


ASK = Helper.ask


def short_of_memory(self: Helper, *arguments: object) -> wire.Answer:
    import resource

    used = int(Path(f"/proc/{self.pid}/statm").read_text().split()[0]) * resource.getpagesize()
    resource.prlimit(self.pid, resource.RLIMIT_AS, (used + (4 << 20),) * 2)
    return ASK(self, *arguments)  # type: ignore[arg-type]


def test_a_picture_beyond_libjpegs_own_memory_limit_is_marked_by_pixels(
    fresh: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editor, "_coefficient_bytes", lambda stream: 0)
    monkeypatch.setattr(editor, "_SPARE_MEMORY", 300_000)
    assert watermark(PHOTO).encoding == "pixels"


def test_a_picture_that_libjpeg_gives_up_on_costs_one_helper_and_is_marked_by_pixels(
    fresh: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = pictures.jpeg(pictures.photo((320, 240)))
    at = data.index(b"\xff\xda")
    pixels_of = data[:at] + b"\xff\xdd\0\x05\0\0\0" + data[at:]  # a restart interval of three bytes
    asked = dying(monkeypatch, 0, killed)
    with pytest.raises(Refused):
        watermark(pixels_of)
    assert len(asked) == 1


@linux
def test_an_error_while_drawing_ends_the_helper(fresh: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    watermark(PHOTO)
    pid = pid_of(fresh)

    def fails(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("zenoimg.imaging.formats.jpeg.writer.blend", fails)
    with pytest.raises(MemoryError):
        watermark(PHOTO)
    monkeypatch.undo()
    assert watermark(PHOTO).encoding == "coefficients"
    assert not Path(f"/proc/{pid}").exists()


def test_a_file_that_is_not_libjpeg_disables_the_coefficient_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "libjpeg-0.so.62.0.0"
    other.write_bytes(b"no library")
    monkeypatch.setattr(editor, "bundled_libjpeg", lambda: str(other))
    assert watermark(PHOTO).encoding == "pixels"
    pool._POOLS.pop(("JPEG", str(other))).close()


def test_a_pillow_without_a_bundled_library_disables_the_coefficient_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import PIL

    bundled_libjpeg.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(PIL, "__file__", str(tmp_path / "PIL" / "__init__.py"))
        assert bundled_libjpeg() is None
        assert watermark(PHOTO).encoding == "pixels"
    bundled_libjpeg.cache_clear()
    assert watermark(PHOTO).encoding == "coefficients"


STRUCTS = ["none", "ErrorManager", "MemoryManager", "Component", "QuantizationTable", "HuffmanStruct", "Decompress"]


@pytest.mark.parametrize("struct", STRUCTS)
def test_a_struct_layout_that_differs_from_the_librarys_fails_the_self_test(struct: str) -> None:
    """Each struct in turn is made longer, in a separate process."""
    program = f"""
import ctypes, mmap, sys
sys.path.insert(0, {str(Path(layouts.__file__).parents[1])!r})
Plain = ctypes.Structure
class Longer(type(Plain)):
    def __new__(kind, name, bases, space):
        if name == {struct!r}:
            space["_fields_"] = [("more", ctypes.c_long), *space["_fields_"]]
        return super().__new__(kind, name, bases, space)
class Structure(Plain, metaclass=Longer):
    pass
ctypes.Structure = Structure
from worker import libjpeg, selftest
control = mmap.mmap(-1, 4096)
library = libjpeg.Library({bundled_libjpeg()!r}, ctypes.addressof(ctypes.c_char.from_buffer(control)))
sys.exit(0 if selftest.has_known_layout(library) else 3)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (done.returncode == 0) == (struct == "none")
    assert b"Traceback" not in done.stderr


@linux
def test_the_helper_has_no_environment_and_writes_no_core_dumps(fresh: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    watermark(PHOTO)
    process = Path(f"/proc/{pid_of(fresh)}")
    assert b"secret" not in (process / "environ").read_bytes()
    assert "Max core file size        0                    0" in (process / "limits").read_text()


@linux
def test_helpers_end_with_the_process_that_started_them() -> None:
    program = f"""
import os, sys
from tests.drawn import pictures
from zenoimg.imaging import watermark
from zenoimg.imaging.processes import pool
assert watermark(pictures.jpeg(pictures.photo((640, 480)))).encoding == "coefficients"
(own,) = pool._POOLS.values()
with own.helper() as helper:
    print(helper.pid, flush=True)
os.kill(os.getpid(), {signal.SIGKILL})
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    pid = int(done.stdout)
    with contextlib.suppress(ProcessLookupError):
        ended = select.poll()
        ended.register(os.pidfd_open(pid), select.POLLIN)
        assert ended.poll(20_000), "the helper is still running"


def test_a_forked_process_has_its_own_helpers(fresh: Pool) -> None:
    expected = watermark(PHOTO).data
    child = os.fork()
    if child == 0:
        fresh.forget()
        os._exit(watermark(PHOTO).data != expected)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert watermark(PHOTO).data == expected


def test_the_memory_of_a_large_picture_is_released(fresh: Pool) -> None:
    noise = Image.effect_noise((4000, 3000), 90)
    data = pictures.jpeg(noise, qtables=[[1] * 64])
    assert len(data) > 12_000_000
    done = watermark(data)
    assert done.encoding == "coefficients"
    assert JpegImageFile(BytesIO(done.data)).size == (4000, 3000)
    with fresh.helper() as helper:
        assert helper.mapped <= 32 << 20
    assert watermark(PHOTO).encoding == "coefficients"
