"""Who may call GET /images: only signed callers, unless the configuration opens it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from tests.local.bench import Bench
from zenoimg.local import EmbeddedAws

pytestmark = [pytest.mark.local, pytest.mark.thorough]


def unsigned(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def test_the_api_is_open_while_configured_so(embedded: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> None:
    bench = Bench(embedded, tmp_path_factory.mktemp("api-access"))
    configuration = bench.folder / "zenoimg.toml"

    configuration.write_text('stack = "access"\n[api]\nauth = "none"\n')
    opened = bench.zenoimg("deploy", "--json")
    address = json.loads(opened.stdout)["outputs"]["api_url"]
    assert "opens GET /images to everyone" in opened.stderr
    assert unsigned(address) == (200, "[]")
    assert json.loads(bench.zenoimg("api", "/images").stdout) == []

    configuration.write_text('stack = "access"\n')
    closed = bench.json("deploy")
    # The function knows it as well: its pages are smaller while the API is open.
    assert {"ApiRoute", "GetImages"} <= {change["logical_id"] for change in closed["changes"]}
    assert unsigned(address)[0] == 403
    assert json.loads(bench.zenoimg("api", "/images").stdout) == []
