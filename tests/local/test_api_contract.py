"""The running API against its description: every response is one described in docs/openapi.yaml."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.local.bench import ROOT, Bench
from tests.records import PROCESSED, REFUSED
from zenoimg.local import EmbeddedAws
from zenoimg.pipeline.catalog import Catalog

pytestmark = [pytest.mark.local, pytest.mark.thorough]

#: Not the function's: API Gateway answers 404 for a method without a route, and 403 (not 401) without a signature;
#: the embedded AWS looks at no more of a signature than the name of its key.
CONFIGURATION = """
[checks]
unsupported_method.enabled = false
ignored_auth.enabled = false
missing_required_header.enabled = false
negative_data_rejection.expected-statuses = ["400", "403", "404", "431"]
"""


@pytest.fixture
def contract(embedded: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Return a separate pipeline with records of every kind."""
    made = Bench(embedded, tmp_path_factory.mktemp("contract"))
    (made.folder / "zenoimg.toml").write_text('stack = "contract"\n')
    made.zenoimg("deploy")
    catalog = Catalog(made.client("dynamodb"), "contract-images")
    for number in range(40):
        for record in (PROCESSED, REFUSED, replace(REFUSED, image_id="2025/cut.jpg", status="failed")):
            catalog.put(replace(record, image_id=f"{number}/{record.image_id}"))
    return made


def test_every_response_is_described(contract: Bench, tmp_path: Path) -> None:
    pytest.importorskip("schemathesis", reason="pip install -r requirements/thorough.txt")
    command = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    assert command is not None
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    address = json.loads(contract.zenoimg("deploy", "--json").stdout)["outputs"]["api_url"].removesuffix("/images")
    done = subprocess.run(
        [
            command,
            "--config-file",
            "schemathesis.toml",
            "run",
            str(ROOT / "docs" / "openapi.yaml"),
            "--url",
            address,
            "--max-examples",
            "150",
            "--continue-on-failure",
            "--generation-database",
            "none",
        ],
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "tests.local.contract_hooks",
            "PYTHONPATH": str(ROOT),
            "NO_COLOR": "1",
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Tested: 1" in done.stdout
