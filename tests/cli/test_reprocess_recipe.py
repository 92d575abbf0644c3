"""``reprocess --here`` marks with the deployed recipe from the artifacts bucket, whatever zenoimg.toml says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import PIL
import pytest
from moto import mock_aws

from tests.cli.conftest import ACCOUNT, Terminal, make_resources
from tests.conftest import REGION
from tests.drawn.pictures import jpeg, photo
from zenoimg.imaging import Limits, Recipe, WatermarkSpec
from zenoimg.pipeline import deployed_recipe
from zenoimg.pipeline.catalog import Catalog
from zenoimg.pipeline.verdict import limits_fingerprint
from zenoimg.stack.bundle.artifact import make_zip
from zenoimg.stack.bundle.recipe import recipe_layer
from zenoimg.stack.names import StackNames

pytestmark = pytest.mark.slow

NAMES = StackNames("zeno")
BUCKET = f"zenoimg-artifacts-{ACCOUNT}-{REGION}"
DEPLOYED = Recipe(watermark=WatermarkSpec(text="deployed"))


@dataclass(frozen=True)
class Stack:
    """A deployed stack on moto: its terminal, and what its recipe and packages layers contain."""

    terminal: Terminal

    def deploy(self, recipe: bytes, packages: bytes = b"", fingerprint: str = DEPLOYED.fingerprint) -> None:
        parameters = {"ArtifactsBucket": BUCKET, "RecipeKey": self._put(recipe), "PackagesKey": self._put(packages)}
        outputs = {
            "OriginalsBucket": NAMES.originals_bucket,
            "ProcessedBucket": NAMES.processed_bucket,
            "Table": NAMES.table,
            "ProcessorFunction": NAMES.processor_function,
            "GetImagesFunction": NAMES.get_images_function,
            "RecipeFingerprint": fingerprint,
        }
        template = {
            "Parameters": {name: {"Type": "String"} for name in parameters},
            "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {name: {"Value": value} for name, value in outputs.items()},
        }
        boto3.client("cloudformation").create_stack(
            StackName="zeno",
            TemplateBody=json.dumps(template),
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        )

    def _put(self, data: bytes) -> str:
        key = f"zeno/{hashlib.sha256(data).hexdigest()}.zip"
        boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=data)
        return key

    def recipes(self) -> set[str]:
        """Return the recipes of all copies."""
        s3 = boto3.client("s3")
        listed: Any = s3.list_objects_v2(Bucket=NAMES.processed_bucket).get("Contents", [])
        heads = [s3.head_object(Bucket=NAMES.processed_bucket, Key=item["Key"]) for item in listed]
        return {value for head in heads for name, value in head["Metadata"].items() if name.endswith("recipe")}


@pytest.fixture
def stack(terminal: Terminal, tmp_path: Path) -> Iterator[Stack]:
    (tmp_path / "zenoimg.toml").write_text('[watermark]\ntext = "local"\n')
    with mock_aws():
        make_resources(*NAMES.buckets, NAMES.table)
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_object(Bucket=NAMES.originals_bucket, Key="a.jpg", Body=jpeg(photo((64, 48))))
        yield Stack(terminal)


def layer(recipe: Recipe = DEPLOYED) -> bytes:
    return recipe_layer(recipe, Limits()).data


def test_copies_made_here_have_the_deployed_recipe(stack: Stack) -> None:
    stack.deploy(layer())
    assert "stale" not in stack.terminal.run("reprocess", "--here").stderr
    assert stack.recipes() == {DEPLOYED.fingerprint}
    assert stack.terminal.json("reprocess", "--stale", "--here") == []


def test_the_local_recipe_is_used_on_request_and_reported_even_with_quiet(stack: Stack) -> None:
    stack.deploy(layer())
    done = stack.terminal.run("reprocess", "--here", "--recipe", "here", "-q")
    assert "which is not the deployed one" in done.stderr
    assert len(stack.recipes()) == 1
    assert stack.recipes() != {DEPLOYED.fingerprint}


@pytest.mark.parametrize(
    "data",
    [b"no zip", make_zip({"other.txt": b""}), make_zip({f"python/{deployed_recipe.PACKAGE}/recipe.json": b"[]"})],
)
def test_a_recipe_that_this_version_cannot_read_is_exit_code_3(stack: Stack, data: bytes) -> None:
    stack.deploy(data)
    stderr = stack.terminal.run("reprocess", "--here", code=3).stderr
    assert "cannot read the deployed recipe" in stderr
    assert "zenoimg deploy" in stderr


def test_a_missing_recipe_is_exit_code_3_with_a_next_step(stack: Stack) -> None:
    stack.deploy(layer())
    s3 = boto3.client("s3")
    for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]:
        s3.delete_object(Bucket=BUCKET, Key=item["Key"])
    stderr = stack.terminal.run("reprocess", "--here", code=3).stderr
    assert "is missing" in stderr
    assert "--recipe here" in stderr


def test_a_damaged_recipe_is_never_used(stack: Stack) -> None:
    stack.deploy(layer())
    s3 = boto3.client("s3")
    for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]:
        s3.put_object(Bucket=BUCKET, Key=item["Key"], Body=layer(Recipe()))
    assert "does not match the hash in its name" in stack.terminal.run("reprocess", "--here", code=1).stderr
    assert stack.recipes() == set()


def test_a_different_drawing_version_is_reported(stack: Stack) -> None:
    stack.deploy(layer(), fingerprint="0123456789abcdef")
    assert "draws or encodes differently" in stack.terminal.run("reprocess", "--here").stderr


@pytest.mark.parametrize(("version", "is_said"), [("1.2.3", True), (PIL.__version__, False)])
def test_a_different_pillow_in_the_functions_is_reported(stack: Stack, version: str, is_said: bool) -> None:
    files = {f"python/module{number}.py": b"x" * 50_000 for number in range(20)}
    packages = make_zip({**files, f"python/pillow-{version}.dist-info/METADATA": b"Name: pillow"})
    stack.deploy(layer(), packages)
    assert (f"{version} in the functions" in stack.terminal.run("reprocess", "--here").stderr) == is_said


def test_a_heic_that_cannot_be_decoded_here_is_refused_under_different_limits(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the functions, which can decode it, would consider it done."""
    for module in ("operations.effective_recipe", "imaging.formats.heif.writer"):
        monkeypatch.setattr(f"zenoimg.{module}.is_installed", lambda: False)
    head = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    boto3.client("s3").put_object(Bucket=NAMES.originals_bucket, Key="b.heic", Body=head)
    stack.deploy(layer())
    done = stack.terminal.run("reprocess", "--here", code=1)
    assert "HEICs are refused here until pillow-heif is installed" in done.stderr
    refused = Catalog(boto3.client("dynamodb"), NAMES.table).get("b.heic")
    assert refused is not None
    assert refused.status == "refused"
    assert "pip install 'zenoimg[heic]'" in (refused.error or "")
    assert refused.limits == limits_fingerprint(Limits(heic=False)) != limits_fingerprint(Limits())
