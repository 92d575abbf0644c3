"""The layer of packages for AWS: pinned wheels of the target platform, built on any host without Docker.

pip checks every wheel against the hashes in ``layer-requirements.txt``. The wheels are cached by requirements,
Python version and architecture, so the next build needs no network.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

from platformdirs import user_cache_path

from zenoimg.errors import ConfigurationError, ZenoError
from zenoimg.stack.bundle import sources
from zenoimg.stack.bundle.artifact import Artifact, make_zip
from zenoimg.suggest import suggest

REQUIREMENTS = Path(__file__).with_name("layer-requirements.txt")
HEIC_REQUIREMENTS = Path(__file__).with_name("layer-heic-requirements.txt")
PYTHON_VERSION = "3.13"  # as in the template's Runtime

_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
# pip matches platform tags literally, so every manylinux tag that Amazon Linux 2023 (glibc 2.34) supports is listed:
# https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
_GLIBC_TAGS = ("manylinux_2_28", "manylinux_2_17", "manylinux2014")


#: Code of the error if pip cannot download the wheels.
NOT_DOWNLOADED = "layer-packages"


def packages_layer(architecture: str, cache: Path | None = None, *, heic: bool = False) -> Artifact:
    """Return the layer for ``arm64`` or ``x86_64``, with or without the HEIC decoder.

    Raises ``ConfigurationError`` if pip is not installed, and ``ZenoError`` if the download fails.
    """
    wheels: list[Path] = []
    for requirements in (REQUIREMENTS, HEIC_REQUIREMENTS)[: 1 + heic]:
        folder = _wheels(requirements, architecture, cache or user_cache_path("zenoimg") / "wheels")
        wheels += sorted(folder.glob("*.whl"))
    content = sources.layer_files()
    for wheel in wheels:
        with zipfile.ZipFile(io.BytesIO(wheel.read_bytes())) as archive:
            for name in archive.namelist():
                if not name.endswith("/"):
                    content[f"python/{name}"] = archive.read(name)
    return Artifact("packages", make_zip(content))


def _wheels(requirements: Path, architecture: str, cache: Path) -> Path:
    """Return the directory of the wheels; a complete directory is never changed."""
    request = hashlib.sha256(requirements.read_bytes() + f"{PYTHON_VERSION} {architecture}".encode())
    folder = cache / request.hexdigest()[:16]
    if folder.is_dir():
        return folder
    if find_spec("pip") is None:
        raise ConfigurationError(
            "pip is not installed in this Python; a deploy to AWS needs it to download the layer's packages",
            next_step=f"Run `{sys.executable} -m ensurepip`, or install pip into this environment.",
        )
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        _download(requirements, architecture, Path(scratch) / "wheels")
        try:
            (Path(scratch) / "wheels").rename(folder)
        except OSError:
            if not folder.is_dir():  # if it exists, another deploy has just stored the same wheels
                raise
    return folder


def _download(requirements: Path, architecture: str, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--require-hashes", "--no-deps", "--only-binary=:all:", "--requirement", str(requirements)]
    command += ["--python-version", PYTHON_VERSION, "--implementation", "cp", "--dest", str(folder)]
    for tag in _GLIBC_TAGS:
        command += ["--platform", f"{tag}_{_MACHINES[architecture]}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    if done.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        last = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise ZenoError(
            f"the packages of the Lambda layer ({architecture}) could not be downloaded: {last}",
            next_step=f"Check the network and pip's index settings, then rerun `{suggest('deploy')}`.",
            code=NOT_DOWNLOADED,
        )
