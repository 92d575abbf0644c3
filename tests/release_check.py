"""Build wheel and sdist as a release would upload them, and check both: ``make release-check``.

1. build into ``dist/``, check metadata and README as the package index would
2. the wheel built from the sdist contains the same files
3. a clean environment outside the checkout: install the wheel and its pinned dependencies, run the demo
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"


def main() -> int:
    try:
        wheel, sdist = built()
        run(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist)
        with tempfile.TemporaryDirectory(prefix="zenoimg-release-") as folder:
            same_from_sdist(wheel, sdist, Path(folder))
            demo_from_wheel(wheel, Path(folder))
    except subprocess.CalledProcessError as failed:
        sys.stderr.write(f"failed with exit code {failed.returncode}: {' '.join(map(str, failed.cmd))}\n")
        return 1
    say(f"ready to upload: {wheel.relative_to(ROOT)} {sdist.relative_to(ROOT)}")
    return 0


def built() -> tuple[Path, Path]:
    """Build and return the wheel and the sdist of this checkout."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "hatchling", "build", "--directory", DIST, cwd=ROOT)
    (wheel,), (sdist,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    return wheel, sdist


def same_from_sdist(wheel: Path, sdist: Path, folder: Path) -> None:
    """Raise if the wheel built from the sdist contains other files than the one of the checkout."""
    target = folder / "from-sdist"
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    run(*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", target, sdist)
    (other,) = target.glob("*.whl")
    ours, theirs = contents(wheel), contents(other)
    differing = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    if differing:
        sys.exit(f"the wheel of the sdist differs from that of the checkout in: {', '.join(differing)}")
    say(f"{len(ours)} files, and the sdist makes the same")


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def demo_from_wheel(wheel: Path, folder: Path) -> None:
    """Run ``python -m demo`` where only the installed wheel can be imported as zenoimg."""
    environment = folder / "venv"
    venv.create(environment, with_pip=True)
    python, zenoimg = environment / "bin" / "python", environment / "bin" / "zenoimg"
    pip: list[str | Path] = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    run(*pip, "install", "--require-hashes", "-r", ROOT / "requirements" / "demo.txt")
    run(*pip, "install", "--no-deps", wheel)
    run(python, "-m", "pip", "check")
    shutil.copytree(ROOT / "demo", folder / "demo")  # not in the wheel, and next to the checkout's zenoimg here
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ZENOIMG_", "PYTHON"))}
    variables = plain | {"ZENOIMG_LOCAL_HOME": str(folder / "aws"), "ZENOIMG_LOCAL_PORT": str(port)}
    run(python, "-c", f"import zenoimg; assert zenoimg.__file__.startswith({str(environment)!r})", cwd=folder)
    run(zenoimg, "--version", cwd=folder, env=variables)
    try:
        run(python, "-m", "demo", cwd=folder, env=variables)
        copy = folder / "demo-output" / "from-library.jpg"
        run(python, "-m", "zenoimg.imaging", folder / "demo-output" / "originals" / "lake.jpg", copy, cwd=folder)
    finally:
        run(zenoimg, "local", "stop", cwd=folder, env=variables)


def run(*command: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    say(" ".join(str(word).replace(f"{ROOT}{os.sep}", "") for word in command))
    subprocess.run(command, cwd=cwd, env=env, check=True)


def say(line: str) -> None:
    sys.stdout.write(f"--- {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
