"""``zenoimg init`` and ``zenoimg config``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Terminal


def test_init_writes_a_file_that_config_reads_and_never_overwrites_one(terminal: Terminal, tmp_path: Path) -> None:
    assert terminal.json("init") == {"result": "written", "file": "zenoimg.toml"}
    path = tmp_path / "zenoimg.toml"
    path.write_text(path.read_text().replace("# memory = 1769", "memory = 1024"))
    assert "--force" in terminal.run("init", code=3).stderr
    assert "\nmemory = 1024 " in path.read_text()
    terminal.run("init", "--force")
    assert "# memory = 1769" in path.read_text()


def test_init_writes_the_file_named_by_the_config_option(terminal: Terminal, tmp_path: Path) -> None:
    terminal.run("--config", "mine.toml", "init")
    assert (tmp_path / "mine.toml").is_file()
    done = terminal.run("--config", "missing.toml", "config", code=3)
    assert "`zenoimg --config missing.toml init`" in done.stderr


def test_config_shows_each_value_and_where_it_comes_from(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "zenoimg.toml").write_text('stack = "a"\n\n[logs]\nlevel = "DEBUG"\nretention_days = 7\n')
    monkeypatch.setenv("ZENOIMG_LOGS_LEVEL", "ERROR")
    shown = {each["key"]: (each["value"], each["from"]) for each in terminal.json("--stack", "acme", "config")}
    assert shown["stack"] == ("acme", "--stack")
    assert shown["logs.level"] == ("ERROR", "ZENOIMG_LOGS_LEVEL")
    assert shown["logs.retention_days"] == (7, f"{tmp_path}/zenoimg.toml:5")
    assert shown["processor.memory"] == (1769, "default")
    assert shown["watermark.text"] == ("© zeno", "default")
    assert shown["region"] == ("eu-west-1", "AWS_REGION")
    rows = [line.split() for line in terminal.run("config").stdout.splitlines()]
    assert ["logs.level", "ERROR", "ZENOIMG_LOGS_LEVEL"] in rows


def test_config_shows_booleans_as_in_the_file(terminal: Terminal) -> None:
    rows = [line.split() for line in terminal.run("config").stdout.splitlines()]
    assert ["metadata.overwrite", "false", "default"] in rows


def test_a_logo_replaces_the_default_text(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "zenoimg.toml").write_text('[watermark]\nlogo = "logo.png"\n')
    shown = {each["key"]: each["value"] for each in terminal.json("config")}
    assert (shown["watermark.text"], shown["watermark.logo"]) == (None, "logo.png")


def test_an_invalid_value_stops_every_command_and_its_line_is_named(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "zenoimg.toml").write_text("[processor]\nmemory = 100\n")
    for command in ("config", "list", "deploy", "destroy"):
        done = terminal.run(command, code=3)
        assert "zenoimg.toml:2: processor.memory is 100; allowed is a whole number from 512 to 10240" in done.stderr


def test_an_incomplete_pipeline_without_a_stack_is_an_error_in_config_as_well(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZENOIMG_TABLE", "records")
    assert "missing: originals_bucket" in terminal.run("config", code=3).stderr


def test_a_former_name_of_a_key_is_reported_on_stderr_once(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "zenoimg.toml").write_text("[limits]\nmax_frame_pixels = 5000\n")
    done = terminal.run("config", "--json")
    notice = "zenoimg.toml:2: limits.max_frame_pixels is now called limits.max_total_pixels; please rename it."
    assert done.stderr.count(notice) == 1
    assert notice not in done.stdout
    shown = {each["key"]: (each["value"], each["from"]) for each in terminal.json("config")}
    assert shown["limits.max_total_pixels"] == (5000, f"{tmp_path}/zenoimg.toml:2")
