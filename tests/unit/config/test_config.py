from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from zenoimg.config.load import GlobalOptions, Settings, load
from zenoimg.errors import ConfigurationError, UsageError

Load = Callable[..., Settings]


@pytest.fixture
def load_with(tmp_path: Path) -> Load:
    """Loads the settings of a folder whose ``zenoimg.toml`` holds the given text."""

    def load_with(
        text: str | None = None, options: GlobalOptions | None = None, env: Mapping[str, str] | None = None
    ) -> Settings:
        if text is not None:
            (tmp_path / "zenoimg.toml").write_text(text, encoding="utf-8")
        return load(options or GlobalOptions(), env or {}, tmp_path)

    return load_with


def test_without_flags_variables_and_file_the_defaults_apply(load_with: Load, tmp_path: Path) -> None:
    assert load_with() == Settings(stack="zeno", folder=tmp_path)


@pytest.mark.parametrize(
    ("name", "variable"),
    [("stack", "ZENOIMG_STACK"), ("region", "ZENOIMG_REGION"), ("profile", "ZENOIMG_PROFILE")],
)
def test_a_flag_overrides_a_variable_which_overrides_the_file(load_with: Load, name: str, variable: str) -> None:
    given: dict[str, Any] = {name: "from-flag"}
    file, env, flag = f'{name} = "from-file"', {variable: "from-env"}, GlobalOptions(**given)
    assert getattr(load_with(file), name) == "from-file"
    assert getattr(load_with(file, env=env), name) == "from-env"
    assert getattr(load_with(file, flag, env), name) == "from-flag"


@pytest.mark.parametrize("variable", ["ZENOIMG_STACK", "ZENOIMG_REGION", "ZENOIMG_PROFILE", "ZENOIMG_CONFIG"])
def test_an_empty_variable_counts_as_unset(load_with: Load, variable: str) -> None:
    found = load_with('stack = "acme"\nregion = "eu-west-1"\nprofile = "work"', env={variable: ""})
    assert (found.stack, found.region, found.profile) == ("acme", "eu-west-1", "work")


def test_the_region_of_the_aws_cli_has_the_lowest_precedence(load_with: Load) -> None:
    env = {"AWS_REGION": "us-east-2"}
    assert load_with(env=env).region == "us-east-2"
    assert load_with('region = "eu-west-1"', env=env).region == "eu-west-1"


@pytest.mark.parametrize(("text", "local"), [("1", True), ("true", True), ("ON", True), ("0", False), ("no", False)])
def test_the_embedded_aws_can_be_chosen_by_variable(load_with: Load, text: str, local: bool) -> None:
    assert load_with(env={"ZENOIMG_LOCAL": text}).local is local


def test_a_flag_overrides_the_variable_for_the_embedded_aws_in_both_directions(load_with: Load) -> None:
    assert load_with(options=GlobalOptions(local=True)).local
    assert not load_with(options=GlobalOptions(local=False), env={"ZENOIMG_LOCAL": "1"}).local


def test_a_variable_that_is_neither_yes_nor_no_is_reported(load_with: Load) -> None:
    with pytest.raises(ConfigurationError, match=r"ZENOIMG_LOCAL.*'maybe'"):
        load_with(env={"ZENOIMG_LOCAL": "maybe"})


def test_the_file_can_be_given_by_flag_or_variable_and_paths_in_it_are_relative_to_it(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    named = elsewhere / "mine.toml"
    named.write_text('stack = "acme"', encoding="utf-8")
    by_variable = load(GlobalOptions(), {"ZENOIMG_CONFIG": str(named)}, tmp_path)
    by_flag = load(GlobalOptions(config=named), {"ZENOIMG_CONFIG": str(tmp_path / "other.toml")}, tmp_path)
    assert by_variable == by_flag
    assert (by_flag.stack, by_flag.folder) == ("acme", elsewhere)


def test_a_given_file_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"missing\.toml does not exist"):
        load(GlobalOptions(config=tmp_path / "missing.toml"), {}, tmp_path)


def test_a_folder_is_not_accepted_as_configuration_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(GlobalOptions(config=tmp_path), {}, tmp_path)


@pytest.mark.parametrize("content", [b"stack = ", b"stack = 'a'\nstack = 'b'", b"stack = '\xff'"])
def test_an_invalid_toml_file_is_reported_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "zenoimg.toml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"zenoimg\.toml is not valid TOML"):
        load(GlobalOptions(), {}, tmp_path)


def test_tables_become_template_parameters(load_with: Load) -> None:
    found = load_with(
        """
        [processor]
        memory = 1024
        timeout = 60
        retries = 0
        architecture = "x86_64"
        [backfill]
        tries = 3
        concurrency = 20
        [logs]
        retention_days = 7
        level = "DEBUG"
        [originals]
        noncurrent_days = 90
        [api]
        auth = "none"
        rate_limit = 5
        burst_limit = 10
        """
    )
    assert found.parameters == {
        "ProcessorMemory": "1024",
        "ProcessorTimeout": "60",
        "LiveRetries": "0",
        "Architecture": "x86_64",
        "BackfillTries": "3",
        "LogRetentionDays": "7",
        "LogLevel": "DEBUG",
        "NoncurrentVersionDays": "90",
        "ApiAuthorization": "NONE",
        "ApiRateLimit": "5",
        "ApiBurstLimit": "10",
    }
    assert found.backfill_concurrency == 20


def test_the_recipe_and_the_limits_are_passed_on(load_with: Load) -> None:
    found = load_with('[watermark]\ntext = "© acme"\n[metadata]\npolicy = "strip"\n[limits]\nmax_pixels = 1000')
    assert found.recipe_tables == {"watermark": {"text": "© acme"}, "metadata": {"policy": "strip"}}
    assert found.limits == {"max_pixels": 1000}


@pytest.mark.parametrize(
    ("text", "named", "allowed"),
    [
        ("[processor]\nmemory = 100", "processor.memory is 100", "from 512 to 10240"),
        ("[processor]\nmemory = 20000", "processor.memory is 20000", "from 512 to 10240"),
        ('[processor]\nmemory = "1024"', "processor.memory is '1024'", "from 512 to 10240"),
        ("[processor]\nmemory = 1024.5", "processor.memory is 1024.5", "from 512 to 10240"),
        ("[processor]\nretries = true", "processor.retries is True", "from 0 to 2"),
        ("[processor]\nretries = 3", "processor.retries is 3", "from 0 to 2"),
        ("[processor]\ntimeout = 901", "processor.timeout is 901", "from 30 to 900"),
        ("[backfill]\nconcurrency = 1", "backfill.concurrency is 1", "from 2 to 1000"),
        ("[backfill]\nconcurrency = 1001", "backfill.concurrency is 1001", "from 2 to 1000"),
        ('[processor]\narchitecture = "arm"', "processor.architecture is 'arm'", "arm64, x86_64"),
        ('[api]\nauth = "open"', "api.auth is 'open'", "iam, none"),
        ('[logs]\nlevel = "debug"', "logs.level is 'debug'", "DEBUG, INFO, WARNING, ERROR"),
        ("[limits]\nmax_bytes = 0", "limits.max_bytes is 0", "from 1 to"),
    ],
)
def test_an_invalid_value_is_reported_with_the_allowed_ones(
    load_with: Load, text: str, named: str, allowed: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_with(text)
    assert named in caught.value.message
    assert allowed in caught.value.message
    assert "zenoimg.toml" in caught.value.message


@pytest.mark.parametrize(
    ("text", "unknown", "known"),
    [
        ("colour = 1", "'colour'", "watermark"),
        ("[processor]\nmemmory = 1024", "'memmory' in [processor]", "memory"),
        ("[api]\nauthorization = 'none'", "'authorization' in [api]", "auth"),
        ("[limits]\nmax_size = 1", "'max_size' in [limits]", "max_bytes"),
        ("[names]\nbucket = 'a'", "'bucket' in [names]", "originals_bucket"),
    ],
)
def test_an_unknown_key_is_reported_with_the_known_ones(load_with: Load, text: str, unknown: str, known: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_with(text)
    assert f"unknown key {unknown}" in caught.value.message
    assert known in caught.value.message.partition("known keys are")[2]


@pytest.mark.parametrize("text", ["processor = 1", 'names = "zeno"', "watermark = []"])
def test_a_table_must_be_a_table(load_with: Load, text: str) -> None:
    with pytest.raises(ConfigurationError, match="must be a table"):
        load_with(text)


@pytest.mark.parametrize("text", ["region = 1", "profile = ['work']"])
def test_a_text_must_be_a_text(load_with: Load, text: str) -> None:
    with pytest.raises(ConfigurationError, match="must be a text"):
        load_with(text)


@pytest.mark.parametrize("name", ["Zeno", "9lives", "a_b", "a" * 17, "zeno\n"])
def test_a_bad_stack_name_is_refused_wherever_it_comes_from(load_with: Load, name: str) -> None:
    with pytest.raises(UsageError, match="is not a valid stack name") as by_flag:
        load_with(options=GlobalOptions(stack=name))
    assert "[a-z][a-z0-9-]{0,15}" in by_flag.value.next_step
    with pytest.raises(UsageError, match="is not a valid stack name"):
        load_with(env={"ZENOIMG_STACK": name})


NAMES = {"originals_bucket": "in", "processed_bucket": "out", "table": "records"}


def test_a_pipeline_without_a_stack_is_configured_by_file_or_variables(load_with: Load) -> None:
    env = {f"ZENOIMG_{key.upper()}": value for key, value in NAMES.items()}
    assert load_with(env=env).names == NAMES
    file = "[names]\n" + "\n".join(f'{key} = "file-{key}"' for key in NAMES)
    assert load_with(file, env={"ZENOIMG_TABLE": "records"}).names == {
        "originals_bucket": "file-originals_bucket",
        "processed_bucket": "file-processed_bucket",
        "table": "records",
    }


def test_an_incomplete_pipeline_without_a_stack_is_rejected_with_the_missing_settings(load_with: Load) -> None:
    with pytest.raises(ConfigurationError, match="missing: originals_bucket, processed_bucket"):
        load_with('[names]\ntable = "records"')


def test_the_former_name_of_a_key_works_and_is_reported(load_with: Load, tmp_path: Path) -> None:
    found = load_with("[limits]\n\nmax_frame_pixels = 5000\n")
    assert found.limits == {"max_total_pixels": 5000}
    where = f"{tmp_path / 'zenoimg.toml'}:3"
    assert found.notices == (
        f"{where}: limits.max_frame_pixels is now called limits.max_total_pixels; please rename it.",
    )
    with pytest.raises(ConfigurationError, match=r"toml:2: limits.max_total_pixels is 0"):
        load_with("[limits]\nmax_frame_pixels = 0\n")


def test_the_former_name_of_a_variable_works_and_is_reported(load_with: Load) -> None:
    former, current = "ZENOIMG_LIMITS_MAX_FRAME_PIXELS", "ZENOIMG_LIMITS_MAX_TOTAL_PIXELS"
    found = load_with(env={former: "5000"})
    assert found.limits == {"max_total_pixels": 5000}
    assert found.notices == (f"{former} is now called {current}; please rename it.",)
    assert load_with(env={former: "5000", current: "6000"}).limits == {"max_total_pixels": 6000}


def test_the_current_name_overrides_the_former_one(load_with: Load) -> None:
    found = load_with("[limits]\nmax_frame_pixels = 5000\nmax_total_pixels = 6000\n")
    assert found.limits == {"max_total_pixels": 6000}
    assert len(found.notices) == 1
    assert load_with("[limits]\nmax_total_pixels = 6000\n").notices == ()


def test_the_file_of_the_nearest_folder_above_is_used_and_reported(tmp_path: Path) -> None:
    (tmp_path / "zenoimg.toml").write_text('stack = "far"')
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "zenoimg.toml").write_text('stack = "near"')
    folder = tmp_path / "project" / "photos" / "2025"
    folder.mkdir(parents=True)
    found = load(GlobalOptions(), {}, folder)
    assert (found.stack, found.folder) == ("near", tmp_path / "project")
    assert found.notices == ("Using the settings of ../../zenoimg.toml.",)
    assert load(GlobalOptions(), {}, tmp_path / "project").notices == ()


def test_a_given_file_takes_precedence_over_one_in_a_folder_above(tmp_path: Path) -> None:
    (tmp_path / "zenoimg.toml").write_text('stack = "above"')
    (tmp_path / "other.toml").write_text('stack = "named"')
    (tmp_path / "photos").mkdir()
    found = load(GlobalOptions(config=tmp_path / "other.toml"), {}, tmp_path / "photos")
    assert (found.stack, found.notices) == ("named", ())


def test_a_file_of_another_user_in_a_folder_above_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "zenoimg.toml"
    path.write_text('stack = "acme"')
    (tmp_path / "photos").mkdir()
    monkeypatch.setattr("os.geteuid", lambda: 12345)
    os.chown(path, 54321, -1) if os.getuid() == 0 else pytest.skip("only root can give a file away")
    with pytest.raises(ConfigurationError, match="belongs to another user"):
        load(GlobalOptions(), {}, tmp_path / "photos")
    assert load(GlobalOptions(), {}, tmp_path).stack == "acme", "the folder itself was chosen by the user"
