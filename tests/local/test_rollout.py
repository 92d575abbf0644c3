"""A version that loses photos never stays deployed in place of a working one: the smoke test on the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from tests.drawn.pictures import jpeg, photo
from tests.local.bench import ORIGINALS, PROCESSED, TABLE, Bench
from zenoimg.cli.app import app
from zenoimg.local import EmbeddedAws, LocalSettings
from zenoimg.operations.deploy.smoke import run as smoke
from zenoimg.operations.deploy.smoke.photos import SMALL, content
from zenoimg.stack.bundle import functions
from zenoimg.stack.bundle.artifact import Artifact, make_zip

pytestmark = [pytest.mark.local, pytest.mark.thorough]

BROKEN = b"raise RuntimeError('this version eats photos')"


@pytest.fixture
def bench(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Bench]:
    made = Bench(EmbeddedAws(LocalSettings(tmp_path / "home", free_port(), enforce_iam=True)), tmp_path)
    yield made
    made.embedded.stop()


@pytest.fixture
def deploy(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Deploy in this process, where the function's code can be broken."""
    pytest.importorskip("ministack")
    for name, value in bench.environment.items():
        if name.startswith("ZENOIMG_"):
            monkeypatch.setenv(name, value)
    monkeypatch.chdir(bench.folder)
    monkeypatch.setattr(smoke, "LOCAL", smoke.Patience(event=12.0, calls=5, pause=2.0, poll=0.1))
    whole = functions.functions_zip

    def broken() -> Artifact:
        return Artifact(
            "functions", make_zip({"lambda_handlers/__init__.py": b"", "lambda_handlers/processor.py": BROKEN})
        )

    def deploy(*arguments: str, is_broken: bool = False, code: int = 0) -> Result:
        monkeypatch.setattr(functions, "functions_zip", broken if is_broken else whole)
        done = CliRunner().invoke(app, ["deploy", *arguments], catch_exceptions=False)
        assert done.exit_code == code, f"exit {done.exit_code}\n{done.stdout}\n{done.stderr}"
        return done

    return deploy


def parameters(bench: Bench) -> dict[str, str]:
    (stack,) = bench.client("cloudformation").describe_stacks(StackName="zeno")["Stacks"]
    return {item["ParameterKey"]: item["ParameterValue"] for item in stack["Parameters"]}


def below_the_reserved_prefix(bench: Bench) -> list[str]:
    s3, dynamodb = bench.client("s3"), bench.client("dynamodb")
    versions = s3.list_object_versions(Bucket=ORIGINALS, Prefix=".zenoimg/")
    found = [item["Key"] for item in (*versions.get("Versions", []), *versions.get("DeleteMarkers", []))]
    found += [
        item["Key"] for item in s3.list_objects_v2(Bucket=PROCESSED).get("Contents", []) if ".zenoimg" in item["Key"]
    ]
    items = dynamodb.scan(TableName=TABLE)["Items"]
    return found + [item["ImageId"]["S"] for item in items if item["ImageId"]["S"].startswith(".zenoimg/")]


def test_a_failing_version_is_rolled_back_and_a_first_one_kept(bench: Bench, deploy: Callable[..., Result]) -> None:
    first = deploy("--json", is_broken=True, code=1)
    assert json.loads(first.stdout)["result"] == "smoke-test-failed"
    assert "the stack is deployed but fails its smoke test: large photo (2400x1600): the function fails" in first.stderr
    assert "this version eats photos" in first.stderr

    good = json.loads(deploy("--json").stdout)
    assert (good["result"], good["smoke_test"]["passed"]) == ("deployed", True)
    assert below_the_reserved_prefix(bench) == []
    before = parameters(bench)
    template = bench.client("cloudformation").get_template(StackName="zeno")["TemplateBody"]

    bench.write("zenoimg.toml", '[watermark]\ntext = "© Other"\n[api]\nauth = "none"\n'.encode())
    failed = deploy("--json", is_broken=True, code=1)
    told: dict[str, Any] = json.loads(failed.stdout)
    assert (told["result"], told["smoke_test"]["passed"]) == ("rolled-back", False)
    assert told["outputs"]["recipe_fingerprint"] == good["recipe"] != told["recipe"]
    assert "Restoring the previous template and parameters" in failed.stderr
    assert "the previous version is back and passes the test" in failed.stderr
    assert 'text: "© zeno" becomes "© Other"' in failed.stderr
    assert "This opens GET /images to everyone" in failed.stderr
    assert parameters(bench) == before
    assert bench.client("cloudformation").get_template(StackName="zeno")["TemplateBody"] == template
    bench.until(lambda: below_the_reserved_prefix(bench) == [], "nothing of the test is left")

    bench.write("a.jpg", jpeg(photo((200, 150), "RGB", seed=1)))
    (uploaded,) = bench.json("upload", "a.jpg")
    assert (uploaded["Result"], uploaded["Record"]["Recipe"]) == ("processed", good["recipe"])


def test_photos_left_by_a_crashed_deploy_are_hidden_and_removed(bench: Bench, deploy: Callable[..., Result]) -> None:
    deploy()
    key = ".zenoimg/smoke-0123456789abcdef"
    for _ in range(2):
        bench.client("s3").put_object(Bucket=ORIGINALS, Key=key, Body=content(SMALL))
    bench.until(lambda: key in bench.copies(), "the copy of the photo that was left")
    bench.write("a.jpg", jpeg(photo((200, 150), "RGB", seed=1)))
    bench.json("upload", "a.jpg")
    assert set(bench.records()) == {"a.jpg"}
    assert [record["ImageId"] for record in json.loads(bench.zenoimg("api", "/images").stdout)] == ["a.jpg"]
    assert "Removed 1 test photo that an interrupted deploy left" in deploy().stderr
    bench.until(lambda: below_the_reserved_prefix(bench) == [], "nothing of it is left")


def marks(bench: Bench) -> dict[str, str]:
    """Return the recipe fingerprint of each copy by key, as stated in the copies."""
    s3 = bench.client("s3")
    found = s3.list_objects_v2(Bucket=PROCESSED).get("Contents", [])
    heads = {item["Key"]: s3.head_object(Bucket=PROCESSED, Key=item["Key"]) for item in found}
    return {key.removeprefix("processed/"): head["Metadata"]["zenoimg-recipe"] for key, head in heads.items()}


def test_a_logo_that_refuses_stored_images_is_not_deployed_and_no_copy_is_lost(bench: Bench) -> None:
    bench.zenoimg("deploy")
    for number in range(3):
        bench.write(f"in/{number}.jpg", jpeg(photo((200 + number, 150), "RGB", seed=number)))
    bench.zenoimg("upload", "-r", "in")
    before = marks(bench)
    bench.write("zenoimg.toml", b'[watermark]\nlogo = "wide.png"\n')
    Image.new("RGBA", (3000, 10), (255, 255, 255, 255)).save(bench.folder / "wide.png")
    refused = bench.zenoimg("deploy", "--yes", code=1)
    assert "the new recipe refuses 3 of 3 sampled images" in refused.stderr
    accepted = bench.zenoimg("deploy", "--yes", "--accept-refusals", code=1)
    assert "the recipe refuses the test's large photo (2400x1600): too-small" in accepted.stderr
    assert "the previous version is back and passes the test" in accepted.stderr
    bench.zenoimg("reprocess", "--stale")
    assert marks(bench) == before


def test_a_rollout_with_a_canary_and_back_by_the_functions(bench: Bench) -> None:
    old = bench.json("deploy")["recipe"]
    before = parameters(bench)
    for number in range(12):
        bench.write(f"in/{number}.jpg", jpeg(photo((200 + number, 150), "RGB", seed=number)))
    bench.zenoimg("upload", "-r", "in")
    bench.write("zenoimg.toml", '[watermark]\ntext = "© Other"\n'.encode())
    first = bench.json("rollout", "--canary", "3", "--yes")
    assert (first["canary"]["statuses"], first["rest"]["results"]) == ({"processed": 3}, {"processed": 9})
    assert (bench.folder / first["canary"]["page"]).is_file()
    new = first["recipe"]
    assert set(marks(bench).values()) == {new} != {old}
    back = bench.json("rollout", "--back", "--yes")
    assert (back["recipe"], back["taken_back"], back["results"]) == (old, new, {"processed": 12})
    assert list(marks(bench).values()) == [old] * 12
    after = parameters(bench)
    for name in ("FunctionsKey", "PackagesKey", "RecipeKey", "RecipeFingerprint", "Limits", "LimitsFingerprint"):
        assert after[name] == before[name]
    assert bench.json("rollout", "--back", "--yes")["results"] == {}
    assert bench.json("status", "--check")["audit"]["findings"] == {}
