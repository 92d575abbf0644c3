"""The layer of packages for AWS, offline: wheels come from a local folder, verified like those of an index."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from zenoimg.errors import ConfigurationError, ZenoError
from zenoimg.stack.bundle import packages_wheels
from zenoimg.stack.bundle.packages_installed import HEIC_DISTRIBUTIONS, LAYER_DISTRIBUTIONS
from zenoimg.stack.bundle.packages_wheels import packages_layer

WHEEL = "tiny-1.0-cp313-cp313-manylinux_2_28_aarch64.whl"


def tiny_wheel() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("tiny/"), b"")
        archive.writestr(zipfile.ZipInfo("tiny/__init__.py"), b"answer = 42\n")
        archive.writestr(
            zipfile.ZipInfo("tiny-1.0.dist-info/METADATA"), "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
        )
        archive.writestr(zipfile.ZipInfo("tiny-1.0.dist-info/WHEEL"), "Wheel-Version: 1.0\nRoot-Is-Purelib: false\n")
        archive.writestr(zipfile.ZipInfo("tiny-1.0.dist-info/RECORD"), "")
    return packed.getvalue()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Create the only folder where pip looks, and requirements for the one wheel in it."""
    folder = tmp_path / "index"
    folder.mkdir()
    (folder / WHEEL).write_bytes(tiny_wheel())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    require(tmp_path, monkeypatch, hashlib.sha256(tiny_wheel()).hexdigest())
    return folder


def require(folder: Path, monkeypatch: pytest.MonkeyPatch, sha256: str) -> None:
    requirements = folder / "requirements.txt"
    requirements.write_text(f"tiny==1.0 --hash=sha256:{sha256}\n")
    monkeypatch.setattr(packages_wheels, "REQUIREMENTS", requirements)


@pytest.mark.thorough
@pytest.mark.usefixtures("index")
def test_wheels_of_the_target_are_unpacked_below_python_whatever_the_host_is(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(packages_layer("arm64", tmp_path / "cache").data)) as archive:
        assert archive.read("python/tiny/__init__.py") == b"answer = 42\n"
        assert all(name.startswith("python/") and not name.endswith("/") for name in archive.namelist())


def test_a_second_build_uses_cached_wheels_and_makes_the_same_bytes(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = packages_layer("arm64", tmp_path / "cache")
    (index / WHEEL).unlink()

    def refuse(*_: Any, **__: Any) -> Any:
        pytest.fail("pip was asked again")

    monkeypatch.setattr(subprocess, "run", refuse)
    assert packages_layer("arm64", tmp_path / "cache") == first


@pytest.mark.usefixtures("index")
def test_a_wheel_other_than_the_pinned_one_is_rejected_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require(tmp_path, monkeypatch, "0" * 64)
    with pytest.raises(ZenoError, match=r"arm64.*could not be downloaded") as caught:
        packages_layer("arm64", tmp_path / "cache")
    assert caught.value.code == "layer-packages"
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.thorough
@pytest.mark.usefixtures("index")
def test_a_wheel_for_another_platform_is_not_used(tmp_path: Path) -> None:
    with pytest.raises(ZenoError, match=r"x86_64.*tiny"):
        packages_layer("x86_64", tmp_path / "cache")


def test_without_pip_the_error_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages_wheels, "find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match="pip is not installed") as caught:
        packages_layer("arm64", tmp_path / "cache")
    assert f"{sys.executable} -m ensurepip" in caught.value.next_step


@pytest.mark.parametrize(
    ("requirements", "distributions"),
    [
        (packages_wheels.REQUIREMENTS, LAYER_DISTRIBUTIONS),
        (packages_wheels.HEIC_REQUIREMENTS, HEIC_DISTRIBUTIONS),
    ],
)
def test_every_package_of_the_layer_is_pinned_and_hashed_and_no_other(
    requirements: Path, distributions: tuple[str, ...]
) -> None:
    lines = requirements.read_text().splitlines()
    pins = [line.split("==")[0] for line in lines if "==" in line]
    assert sorted(pins) == sorted(distributions)
    assert sum("--hash=sha256:" in line for line in lines) >= 2 * len(pins)
    assert not any("://" in line for line in lines), "no address of a registry"
