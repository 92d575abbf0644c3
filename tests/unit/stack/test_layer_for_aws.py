"""The actual layer that a deploy sends to AWS, for both architectures, from the package index.

Whatever the machine, one of the two is not its own platform.
"""

from __future__ import annotations

import io
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import elf
from tests.unit.stack.rendered import default
from zenoimg.stack.bundle.artifact import Artifact
from zenoimg.stack.bundle.packages_wheels import PYTHON_VERSION, packages_layer

pytestmark = pytest.mark.thorough

ARCHITECTURES = ("arm64", "x86_64")
#: Amazon Linux 2023, which python3.12 and newer run on
#: (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html; https://docs.aws.amazon.com/linux/al2023/).
GLIBC_OF_THE_RUNTIME = (2, 34)


@dataclass(frozen=True)
class Built:
    """A layer that was built once, and the cache with its wheels."""

    architecture: str
    cache: Path
    artifact: Artifact

    @property
    def files(self) -> dict[str, bytes]:
        with zipfile.ZipFile(io.BytesIO(self.artifact.data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    @property
    def binaries(self) -> dict[str, elf.Binary]:
        # Pillow's bundled libraries bear their version after the ending: libtiff-….so.6.0.2
        shared = {name: data for name, data in self.files.items() if ".so" in Path(name).suffixes}
        return {name: elf.read(data) for name, data in shared.items()}


@pytest.fixture(scope="module", params=ARCHITECTURES)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    cache = tmp_path_factory.mktemp(f"wheels-{request.param}")
    return Built(request.param, cache, packages_layer(request.param, cache, heic=True))


def test_every_binary_is_for_the_functions_architecture_and_glibc(built: Built) -> None:
    assert len(built.binaries) > 10, "Pillow's modules and their bundled libraries"
    for name, binary in built.binaries.items():
        assert binary.machine == built.architecture, name
        assert binary.glibc <= GLIBC_OF_THE_RUNTIME, name
    assert max(binary.glibc for binary in built.binaries.values()) > (2, 0), "otherwise nothing was checked"


def test_extension_modules_are_for_the_functions_python(built: Built) -> None:
    assert default("Runtime") == f"python{PYTHON_VERSION}"
    tag = f".cpython-{PYTHON_VERSION.replace('.', '')}-"
    modules = [name for name in built.binaries if name.startswith("python/PIL/") or "_pillow_heif" in name]
    assert "python/PIL/_imaging" in {name.partition(".")[0] for name in modules}
    assert [name for name in modules if tag not in name] == []


def test_the_layer_is_under_15_mb_zipped_and_60_mb_unpacked(built: Built) -> None:
    """With HEIC, which takes about half of it."""
    assert any("/libde265" in name for name in built.files)
    assert len(built.artifact.data) < 15_000_000
    assert sum(map(len, built.files.values())) < 60_000_000


def test_the_layer_contains_what_the_functions_import_and_the_runtime_lacks(built: Built) -> None:
    wanted = {"PIL/Image.py", "pillow_heif/heif.py", "aws_lambda_powertools/logging/logger.py", "typing_extensions.py"}
    assert {f"python/{name}" for name in wanted} <= set(built.files)
    assert not [name for name in built.files if name.startswith(("python/jmespath", "python/boto"))]
    assert len(built.files["python/typing_extensions.py"]) < 1000, "ours, not the whole"


def test_a_rebuilt_layer_has_the_same_bytes(built: Built, tmp_path: Path) -> None:
    assert packages_layer(built.architecture, tmp_path, heic=True).sha256 == built.artifact.sha256


def test_the_layer_can_be_rebuilt_offline(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        pytest.fail("a program was started, which could ask the network")

    monkeypatch.setattr(subprocess, "run", refuse)
    assert packages_layer(built.architecture, built.cache, heic=True) == built.artifact
    without = packages_layer(built.architecture, built.cache)
    assert len(without.data) < len(built.artifact.data) * 0.7
