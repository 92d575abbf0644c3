from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import ImageFont

from tests.drawn import heifs, pictures
from tests.drawn.heifs import needs_heic
from tests.function_path import assemble, unpack
from zenoimg.errors import ConfigurationError
from zenoimg.imaging import EncoderSettings, Limits, Recipe, WatermarkSpec
from zenoimg.imaging.marking.default_font import default_font
from zenoimg.pipeline import deployed_recipe
from zenoimg.stack.bundle import packages_installed, sources
from zenoimg.stack.bundle import recipe as recipe_zip
from zenoimg.stack.bundle.artifact import Artifact, make_zip
from zenoimg.stack.bundle.functions import functions_zip
from zenoimg.stack.bundle.packages_installed import installed_packages_layer
from zenoimg.stack.bundle.recipe import UnreadableLayerError, read_recipe_layer, recipe_layer
from zenoimg.suggest import suggest_install


def names_in(artifact: Artifact) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(artifact.data)) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def packages() -> Artifact:
    return installed_packages_layer()


# The functions


def test_the_functions_zip_contains_only_handlers_imaging_and_pipeline() -> None:
    names = names_in(functions_zip())
    allowed = ("lambda_handlers/", "zenoimg/imaging/", "zenoimg/pipeline/")
    assert [name for name in names if not name.startswith(allowed)] == ["zenoimg/__init__.py"]
    assert {"lambda_handlers/processor.py", "lambda_handlers/get_images.py"} <= set(names)
    assert {"zenoimg/imaging/formats/jpeg/writer.py", "zenoimg/pipeline/reconcile.py"} <= set(names)
    assert not [name for name in names if not name.endswith(".py")]


def test_the_functions_zip_is_within_its_size_limit() -> None:
    assert len(functions_zip().data) <= 400_000


@pytest.fixture
def lambda_path(tmp_path: Path) -> list[str]:
    return assemble(tmp_path)


def run_as_function(path: list[str], module: str) -> set[str]:
    """Import a handler's module in an interpreter without site-packages; return the loaded modules."""
    program = (
        f"import sys; sys.path[:0] = {path!r}; import {module}, json; assert callable({module}.handler); "
        "print(json.dumps(sorted(sys.modules)))"
    )
    # -I and -S: no environment variables, no site-packages, no current folder.
    command = [sys.executable, "-I", "-S", "-B", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_both_handlers_load_from_only_their_zip_the_layer_and_the_runtime(lambda_path: list[str]) -> None:
    processor = run_as_function(lambda_path, "lambda_handlers.processor")
    assert {"PIL", "zenoimg.imaging", "zenoimg.pipeline.reconcile"} <= processor
    reader = run_as_function(lambda_path, "lambda_handlers.get_images")
    assert "zenoimg.pipeline.catalog" in reader
    assert "PIL" not in reader, "Pillow would cost the reader a third of its cold start"


def test_the_same_sources_make_the_same_zip_anywhere_and_at_any_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = functions_zip()
    copy = tmp_path / "elsewhere"
    for name, source in (
        ("zenoimg", sources.PACKAGE),
        ("lambda_handlers", sources.directory("lambda_handlers")),
    ):
        shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("_shipped"))
    for path in sorted(copy.rglob("*.py"), reverse=True):
        path.chmod(0o600)
        os.utime(path, (1_700_000_000, 1_700_000_000))
    (copy / "lambda_handlers" / "__pycache__").mkdir(exist_ok=True)
    (copy / "lambda_handlers" / "__pycache__" / "stray.py").write_text("")
    (copy / "zenoimg" / "imaging" / ".formats.py.swp").write_text("")
    monkeypatch.setattr(sources, "PACKAGE", copy / "zenoimg")
    assert functions_zip().sha256 == here.sha256


def test_one_changed_byte_changes_the_name() -> None:
    one, two = Artifact("functions", make_zip({"a.py": b"1"})), Artifact("functions", make_zip({"a.py": b"2"}))
    assert one.key("zeno") != two.key("zeno")
    assert one.key("zeno") == f"zeno/{hashlib.sha256(one.data).hexdigest()}.zip"


def test_files_in_a_zip_can_be_read_by_the_user_of_the_function() -> None:
    with zipfile.ZipFile(io.BytesIO(make_zip({"b.py": b"", "a.py": b""}))) as archive:
        assert [entry.filename for entry in archive.infolist()] == ["a.py", "b.py"]
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100644}
        assert {entry.create_system for entry in archive.infolist()} == {3}


# The recipe


def logo() -> bytes:
    encoded = io.BytesIO()
    pictures.photo((40, 20)).save(encoded, "PNG")
    return encoded.getvalue()


RECIPES = {
    "default": Recipe(),
    "text": Recipe(WatermarkSpec("© acme", position="tile", opacity=0.3, angle=30), metadata="strip"),
    "logo": Recipe(WatermarkSpec(logo=logo(), scale=0.2), encoder=EncoderSettings(jpeg_quality=90)),
}


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_the_recipe_that_a_function_reads_is_the_one_that_was_deployed(recipe: Recipe, tmp_path: Path) -> None:
    limits = Limits(
        max_bytes=1_000_000, max_pixels=2_000_000, max_frames=3, max_total_pixels=4_000_000, max_memory=9_000_000
    )
    folder = unpack(recipe_layer(recipe, limits), tmp_path) / "python" / deployed_recipe.PACKAGE
    found, found_limits = deployed_recipe.load(lambda name: (folder / name).read_bytes())
    assert found == recipe
    assert found.fingerprint == recipe.fingerprint
    assert found_limits == limits


def test_the_font_is_shipped_with_the_recipe_and_the_default_one_with_its_license(tmp_path: Path) -> None:
    def packed(recipe: Recipe) -> dict[str, bytes]:
        files = unpack(recipe_layer(recipe, Limits()), tmp_path / recipe.fingerprint).rglob("*")
        return {file.name: file.read_bytes() for file in files if file.is_file()}

    default = packed(Recipe())
    assert default["font.ttf"] == default_font()
    assert b"SIL OPEN FONT LICENSE" in default["OFL.txt"]
    built_in = ImageFont.load_default(size=12)
    assert isinstance(built_in, ImageFont.FreeTypeFont)
    named = packed(Recipe(WatermarkSpec(font=built_in.font_bytes)))
    assert named["font.ttf"] == built_in.font_bytes
    assert "OFL.txt" not in named
    assert not {"font.ttf", "OFL.txt"} & set(packed(RECIPES["logo"]))


@pytest.fixture
def _no_recipe_loaded() -> Iterator[None]:
    sys.modules.pop(deployed_recipe.PACKAGE, None)
    yield
    sys.modules.pop(deployed_recipe.PACKAGE, None)


@pytest.mark.usefixtures("_no_recipe_loaded")
def test_a_function_finds_the_recipe_on_its_import_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = unpack(recipe_layer(RECIPES["logo"], Limits()), tmp_path)
    monkeypatch.syspath_prepend(str(layer / "python"))
    assert deployed_recipe.load_deployed() == (RECIPES["logo"], Limits())


@pytest.mark.usefixtures("_no_recipe_loaded")
def test_a_function_without_its_recipe_layer_does_not_fall_back_to_a_default() -> None:
    with pytest.raises(ModuleNotFoundError, match=deployed_recipe.PACKAGE):
        deployed_recipe.load_deployed()


def test_a_changed_limit_changes_the_layer_but_not_the_fingerprint() -> None:
    recipe = Recipe()
    narrow = replace(Limits(), max_bytes=1)
    assert recipe_layer(recipe, Limits()).sha256 != recipe_layer(recipe, narrow).sha256
    assert recipe_layer(recipe, Limits()).sha256 == recipe_layer(Recipe(), Limits()).sha256


def test_a_recipe_layer_is_read_back_as_it_was_written() -> None:
    for recipe in RECIPES.values():
        assert read_recipe_layer(recipe_layer(recipe, Limits(max_bytes=7)).data) == (recipe, Limits(max_bytes=7))


@pytest.mark.parametrize(
    "data", [b"no zip", make_zip({"a": b""}), make_zip({"python/zenoimg_recipe/recipe.json": b"{"})]
)
def test_a_foreign_layer_is_rejected_with_its_own_error(data: bytes) -> None:
    with pytest.raises(UnreadableLayerError):
        read_recipe_layer(data)


def test_a_recipe_too_large_for_its_layer_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe_zip, "_MAX_RECIPE_BYTES", 100)
    with pytest.raises(ConfigurationError, match="logo and font"):
        recipe_layer(RECIPES["logo"], Limits())


# The packages of this host


def test_the_layer_of_this_host_contains_pillow_and_powertools_without_bytecode(packages: Artifact) -> None:
    names = set(names_in(packages))
    assert {"python/PIL/Image.py", "python/aws_lambda_powertools/logging/logger.py"} <= names
    assert all(name.startswith("python/") for name in names)
    assert not [name for name in names if name.endswith(".pyc") or "__pycache__" in name or ".." in name]


def test_the_layer_contains_no_files_about_its_installation(packages: Artifact) -> None:
    assert not [name for name in names_in(packages) if name.endswith(("/RECORD", "/INSTALLER", "/direct_url.json"))]


def test_a_missing_package_is_reported_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages_installed, "LAYER_DISTRIBUTIONS", ("no-such-distribution",))
    with pytest.raises(ConfigurationError, match="no-such-distribution") as caught:
        installed_packages_layer()
    assert suggest_install("local") in caught.value.next_step


@pytest.mark.parametrize("name", ["lambda_handlers", "policies"])
def test_an_installed_wheel_ships_its_own_sources(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site-packages" / "zenoimg"
    (package / "_shipped" / name).mkdir(parents=True)
    (tmp_path / "site-packages" / name).mkdir()  # another file of the same name next to the package
    monkeypatch.setattr(sources, "PACKAGE", package)
    assert sources.directory(name) == package / "_shipped" / name


def test_a_broken_installation_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "PACKAGE", tmp_path / "zenoimg")
    with pytest.raises(FileNotFoundError, match="policies"):
        sources.directory("policies")


@needs_heic
def test_the_heic_decoder_is_in_the_layer_if_heic_is_accepted(packages: Artifact) -> None:
    taken = names_in(installed_packages_layer(heic=True))
    assert {"python/pillow_heif/heif.py"} | set(names_in(packages)) <= set(taken)
    assert not [name for name in names_in(packages) if "heif" in name]


def test_a_layer_for_heic_needs_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages_installed, "HEIC_DISTRIBUTIONS", ("no-such-distribution",))
    with pytest.raises(ConfigurationError, match="no-such-distribution is not installed") as caught:
        installed_packages_layer(heic=True)
    assert suggest_install("heic") in caught.value.next_step


@pytest.mark.slow
@needs_heic
def test_a_heic_is_decoded_with_only_the_content_of_the_zips(tmp_path: Path) -> None:
    path = assemble(tmp_path, heic=True)
    (tmp_path / "a.heic").write_bytes(heifs.encoded(pictures.photo((160, 120))))
    program = (
        f"import sys; sys.path[:0] = {path!r}; from pathlib import Path; from zenoimg.imaging import watermark; "
        "from zenoimg.pipeline.deployed_recipe import load_deployed; "
        "done = watermark(Path(sys.argv[1]).read_bytes(), *load_deployed()); print(done.format, done.source_format); "
        "assert 'pillow_heif' not in sys.modules, 'it is for the helper process'"
    )
    command = [sys.executable, "-I", "-S", "-B", "-c", program, str(tmp_path / "a.heic")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert (done.stdout, done.stderr) == ("JPEG HEIF\n", "")
