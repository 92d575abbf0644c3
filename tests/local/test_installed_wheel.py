"""A wheel, installed into a clean environment, deploys from an empty folder."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.drawn.pictures import jpeg, photo
from tests.local.bench import ROOT

pytestmark = [pytest.mark.local, pytest.mark.thorough]


def run(*command: str, **more: object) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, **more)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    out: str = done.stdout
    return out


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check"]
    run(sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(folder), str(ROOT))
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return ``zenoimg`` in a new environment; its dependencies are those installed here."""
    environment = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", str(environment))
    site = next(environment.glob("lib/python*/site-packages"))
    options = ["--no-deps", "--no-index", "--quiet", "--disable-pip-version-check", "--target", str(site)]
    run(sys.executable, "-m", "pip", "install", *options, str(wheel))
    here = Path(str(distribution("boto3").locate_file("")))
    # After its own site-packages, so that zenoimg itself can only be the wheel's.
    (site / "packages-of-the-tests.pth").write_text(f"{here}\n")
    script = environment / "bin" / "zenoimg"
    python = environment / "bin" / "python"
    script.write_text(f"#!{python}\nfrom zenoimg.cli.app import main\nmain()\n")
    script.chmod(0o755)
    return script


def test_the_wheel_contains_handlers_and_policies(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("lambda_handlers", "policies"):
        sources = {path.name for path in (ROOT / folder).iterdir() if path.suffix in {".py", ".json"}}
        assert sources
        assert {f"zenoimg/_shipped/{folder}/{name}" for name in sources} <= names
    assert {"zenoimg/stack/template.yaml", "zenoimg/stack/bundle/layer-requirements.txt"} <= names
    assert not [name for name in names if name.startswith(("tests/", "demo/", "benchmarks/"))]


def test_an_installed_wheel_deploys_from_an_empty_folder(
    command: Path, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    settings = {
        "PATH": str(command.parent),
        "HOME": str(tmp_path),
        "ZENOIMG_LOCAL": "1",
        "ZENOIMG_LOCAL_HOME": str(tmp_path / "aws"),
        "ZENOIMG_LOCAL_PORT": str(free_port()),
    }

    def zenoimg(*arguments: str) -> str:
        return run(str(command), *arguments, cwd=empty, env=settings)

    python = command.with_name("python")
    where = run(str(python), "-P", "-c", "import zenoimg; print(zenoimg.__file__)", cwd=empty, env=settings)
    assert Path(where.strip()).is_relative_to(command.parents[1]), "not the checkout's"
    try:
        deployed = json.loads(zenoimg("deploy", "--json"))
        assert deployed["result"] == "deployed"
        (tmp_path / "photo.jpg").write_bytes(jpeg(photo((64, 48))))
        (uploaded,) = json.loads(zenoimg("upload", str(tmp_path / "photo.jpg"), "--json"))
        assert uploaded["Result"] == "processed"
    finally:
        zenoimg("local", "stop")
    assert list(empty.iterdir()) == []
