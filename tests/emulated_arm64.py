"""A Python for arm64 with this checkout's Pillow, run by ``qemu-aarch64-static`` without root and without a container.

Debian's packages are unpacked into a folder, wheels come by the hashes of ``requirements/demo.txt``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EMULATOR = shutil.which("qemu-aarch64-static")
_PACKAGES = [
    "python3.11-minimal",
    "libpython3.11-minimal",
    "libpython3.11-stdlib",
    "libc6",
    "libgcc-s1",
    "libstdc++6",
    "zlib1g",
    "libexpat1",
    "libffi8",
    "libssl3",
    "libbz2-1.0",
    "liblzma5",
    "libuuid1",
]
_WHEELS = ("pillow", "pillow-heif", "font-manrope")
_LOADER = "lib/ld-linux-aarch64.so.1"


class UnavailableError(Exception):
    """The packages or wheels are not available here."""


def python_for_arm64(folder: Path) -> Path:
    """Return a program that is that Python, prepared in ``folder``. Raises ``UnavailableError``."""
    assert EMULATOR is not None
    system, packages = folder / "system", folder / "site-packages"
    try:
        _unpack_debian(folder / "apt", system)
        _unpack_wheels(folder / "wheels", packages)
    except (OSError, subprocess.CalledProcessError) as failure:
        raise UnavailableError(str(failure)) from failure
    program = folder / "python"
    paths = os.pathsep.join(map(str, (ROOT, packages)))
    # A script: the emulated process starts others by the host's kernel, which does not know programs for arm64.
    program.write_text(f'#!/bin/sh\nexec {EMULATOR} -L {system} {system}/usr/bin/python3.11 "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    (folder / "path").write_text(paths, encoding="utf-8")
    return program


def run(program: Path, script: str, *arguments: str) -> str:
    """Return what a script prints, run by such a program; ``sys.executable`` is the program itself."""
    head = f"import sys; sys.executable = {str(program)!r}\n"
    environment = {"PYTHONPATH": (program.parent / "path").read_text(encoding="utf-8"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [str(program), "-c", head + script, *arguments], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _unpack_debian(apt: Path, system: Path) -> None:
    for folder in (apt / "lists" / "partial", apt / "cache" / "archives" / "partial", system):
        folder.mkdir(parents=True)
    options = [
        *("-o", "APT::Architecture=arm64", "-o", "APT::Architectures=arm64", "-o", "APT::Sandbox::User=root"),
        *("-o", f"Dir::State::Lists={apt / 'lists'}", "-o", f"Dir::Cache={apt / 'cache'}"),
        *("-o", "Dir::State::status=/dev/null", "-o", "Debug::NoLocking=1"),
    ]
    for action in (["update"], ["download", *_PACKAGES]):
        subprocess.run(["apt-get", "-qq", *options, *action], cwd=apt, check=True, capture_output=True)
    for package in apt.glob("*.deb"):
        subprocess.run(["dpkg-deb", "--extract", str(package), str(system)], check=True, capture_output=True)
    if not (system / _LOADER).exists():
        raise UnavailableError("Debian's packages hold no loader")


def _unpack_wheels(wheels: Path, packages: Path) -> None:
    wheels.mkdir()
    pinned = (ROOT / "requirements" / "demo.txt").read_text(encoding="utf-8")
    blocks = [re.search(rf"^{name}==.*?(?=^\S|\Z)", pinned, re.MULTILINE | re.DOTALL) for name in _WHEELS]
    wanted = wheels / "requirements.txt"
    wanted.write_text("".join(block[0] for block in blocks if block), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--python-version", "3.11", "--implementation", "cp", "--abi", "cp311"]
    command += ["--abi", "none", "--platform", "manylinux_2_28_aarch64", "--platform", "manylinux_2_26_aarch64"]
    command += [
        "--platform",
        "manylinux2014_aarch64",
        "--platform",
        "any",
        "--require-hashes",
        "--dest",
        str(wheels),
        "-r",
        str(wanted),
    ]
    subprocess.run(command, check=True, capture_output=True)
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(packages)
