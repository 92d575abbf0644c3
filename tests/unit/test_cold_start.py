"""The modules that a function may import at its start: a budget, since every cold start compiles each one.

``python -m benchmarks.cold_start`` measures what it comes to, relative to boto3 and Pillow alone.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.function_path import ENVIRONMENT, assemble

#: Modules beyond those of a bare start; a few come and go with versions of Powertools and botocore.
BUDGET = {"processor": 90, "get_images": 60}

BARE = "import botocore.session; botocore.session.get_session().create_client('dynamodb')"
STARTS = {
    "bare": BARE,
    "bare processor": f"{BARE}; from PIL import Image, ImageDraw, ImageFont",
    "processor": "from lambda_handlers import processor; processor._tools()",
    "get_images": "from lambda_handlers import get_images; get_images._catalog()",
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the packages that a deploy sends and those that the runtime provides."""
    return assemble(tmp_path_factory.mktemp("function"))


@pytest.fixture(scope="module")
def loaded(path: list[str]) -> dict[str, set[str]]:
    """Return the modules that each start loads."""
    return {name: _modules(code, path) for name, code in STARTS.items()}


def _modules(code: str, path: list[str]) -> set[str]:
    program = f"import sys; sys.path[:0] = {path!r}; {code}; import json; print(json.dumps(list(sys.modules)))"
    command = [sys.executable, "-I", "-S", "-B", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT, cwd="/")
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def packages(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_both_stay_within_their_budget_of_modules(loaded: dict[str, set[str]]) -> None:
    for name, bare in (("processor", "bare processor"), ("get_images", "bare")):
        added = loaded[name] - loaded[bare]
        assert len(added) <= BUDGET[name], sorted(added)


def test_neither_loads_modules_that_it_does_not_need(loaded: dict[str, set[str]]) -> None:
    for name in ("processor", "get_images"):
        assert not packages(loaded[name]) & {"boto3", "s3transfer", "multiprocessing", "asyncio", "cffi"}
        assert not {module for module in loaded[name] if module.startswith("aws_lambda_powertools.utilities.batch")}


def test_the_reader_loads_neither_pillow_nor_imaging(loaded: dict[str, set[str]]) -> None:
    assert "PIL" not in packages(loaded["get_images"])
    assert "zenoimg.imaging" not in loaded["get_images"]


def test_the_processor_loads_pillow_and_no_format_before_its_first_picture(loaded: dict[str, set[str]]) -> None:
    assert "PIL.Image" in loaded["processor"]
    families = {module for module in loaded["processor"] if module.startswith("zenoimg.imaging.formats.")}
    plugins = {module for module in loaded["processor"] if module.startswith("PIL.") and module.endswith("Plugin")}
    assert families | plugins == set()


def test_typing_extensions_have_every_name_that_powertools_uses(path: list[str]) -> None:
    code = (
        "from aws_lambda_powertools import Logger; "
        "from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response; "
        "from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord"
    )
    assert "aws_lambda_powertools.utilities.batch.base" in _modules(code, path)
