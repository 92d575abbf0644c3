"""The table of keys agrees with the template, the imaging package and the file that ``init`` writes."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.stack.rendered import TEMPLATE, properties
from zenoimg.config.checks import OneOf, Real, Whole
from zenoimg.config.file import commented
from zenoimg.config.keys import KEYS, RECIPE_TABLES, Key
from zenoimg.config.load import GlobalOptions, Settings, effective, file_of, load
from zenoimg.errors import ConfigurationError, UsageError
from zenoimg.imaging import Limits, Recipe, RecipeError, recipe_from_mapping, recipe_to_mapping
from zenoimg.imaging.limits import usable_memory
from zenoimg.operations import configured as operations_configured
from zenoimg.operations.configured import check_heic, limits_of, recipe_of
from zenoimg.stack.ownership import ORIGIN_PARAMETERS
from zenoimg.suggest import suggest_install


def _full_name(key: Key) -> str:
    return key.full_name


WITH_PARAMETER = [key for key in KEYS if key.parameter]
BOUNDED = [key for key in KEYS if isinstance(key.check, Whole | Real)]


@pytest.mark.parametrize("key", WITH_PARAMETER, ids=_full_name)
def test_defaults_are_those_of_the_template(key: Key) -> None:
    assert key.default is not None
    assert str(TEMPLATE["Parameters"][key.parameter]["Default"]) == key.parameter_value(key.default)


@pytest.mark.parametrize("key", WITH_PARAMETER, ids=_full_name)
def test_the_template_allows_every_value_that_a_key_allows(key: Key) -> None:
    parameter: dict[str, Any] = TEMPLATE["Parameters"][key.parameter]
    if isinstance(key.check, OneOf):
        allowed = [str(value) for value in parameter["AllowedValues"]]
        assert sorted(key.check.choices.values()) == sorted(allowed)
    if isinstance(key.check, Whole):
        assert parameter.get("MinValue", 0) <= key.check.lowest
        assert key.check.highest <= parameter.get("MaxValue", key.check.highest)


def test_every_parameter_that_operators_choose_has_a_key() -> None:
    zips = {"ArtifactsBucket", "FunctionsKey", "PackagesKey", "RecipeKey"}
    previous = {name for name in TEMPLATE["Parameters"] if name.startswith("Previous")} | {"RolledBackFrom"}
    ours = {*zips, *previous, "RecipeFingerprint", "RecipeRules", "Limits", "LimitsFingerprint", "SettingsGeneration"}
    facts_of_the_place = {"TlsOnly", "MetricMath", "Runtime", "BackfillVisibility"}
    facts_of_the_data = {*ORIGIN_PARAMETERS, "OriginalsEventBridge", "TableDeletionProtection"}
    others = ours | facts_of_the_place | facts_of_the_data
    assert {key.parameter for key in WITH_PARAMETER} == set(TEMPLATE["Parameters"]) - others


def test_every_parameter_is_used_by_the_template() -> None:
    used = set(re.findall(r'"Ref": "(\w+)"|\$\{(\w+)\}', json.dumps(TEMPLATE)))
    assert {name for pair in used for name in pair} >= {key.parameter for key in WITH_PARAMETER}


def test_the_backfill_concurrency_is_the_literal_in_the_template() -> None:
    (key,) = [key for key in KEYS if key.full_name == "backfill.concurrency"]
    assert properties("BackfillMapping")["ScalingConfig"]["MaximumConcurrency"] == key.default


def test_recipe_defaults_are_those_of_the_imaging_package() -> None:
    tables, _ = recipe_to_mapping(Recipe())
    found = {(table, name): value for table, values in tables.items() for name, value in dict(values).items()}  # type: ignore[call-overload]
    keys = {(key.table, key.name): key.default for key in KEYS if key.table in RECIPE_TABLES}
    assert {place: value for place, value in keys.items() if value is not None} == found


def test_limit_defaults_are_those_of_the_imaging_package() -> None:
    found = {key.name: key.default for key in KEYS if key.table == "limits"}
    assert found.pop("max_memory") is None  # follows from the functions' memories
    limits = limits_of(Settings())
    assert {"max_memory": limits.max_memory, "heic": limits.heic, **found} == asdict(
        replace(Limits(), heic=limits.heic)
    )


@pytest.mark.parametrize("installed", [True, False])
def test_heic_is_accepted_if_its_decoder_is_installed_unless_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    monkeypatch.setattr(operations_configured, "is_installed", lambda: installed)
    assert limits_of(Settings()).heic is installed
    for said in (True, False):
        assert limits_of(configured(tmp_path, f"[formats]\nheic = {str(said).lower()}")).heic is said
    limits = limits_of(configured(tmp_path, "[formats]\nheic = true"))
    if installed:
        check_heic(limits)
    else:
        with pytest.raises(ConfigurationError, match="pillow-heif is not installed") as caught:
            check_heic(limits)
        assert suggest_install("heic") in caught.value.next_step


def configured(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "zenoimg.toml").write_text(text)
    return load(GlobalOptions(), {}, tmp_path)


@pytest.mark.parametrize(
    ("text", "megabytes"),
    [
        ("", 3008),
        ("[processor]\nlarge_memory = 10240", 10240),
        ("[processor]\nlarge_memory = 0", 1769),
        ("[processor]\nmemory = 3008\nlarge_memory = 0", 3008),
    ],
)
def test_the_memory_limit_of_an_image_follows_from_the_larger_function(
    tmp_path: Path, text: str, megabytes: int
) -> None:
    assert limits_of(configured(tmp_path, text)).max_memory == usable_memory(megabytes)


def test_configured_limits_are_kept(tmp_path: Path) -> None:
    assert limits_of(configured(tmp_path, "[limits]\nmax_memory = 900000000")).max_memory == 900_000_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[processor]\nmemory = 3008", "large_memory is 3008 MB and processor.memory 3008 MB"),
        ("[processor]\nlarge_memory = 1024", "large_memory is 1024 MB and processor.memory 1769 MB"),
        ("[limits]\nmax_memory = 3000000000", "max_memory is 3,000,000,000 bytes; a function of 3008 MB holds"),
        ("[processor]\nlarge_memory = 0\n[limits]\nmax_memory = 2000000000", "a function of 1769 MB holds"),
    ],
)
def test_memory_sizes_that_cannot_work_are_rejected(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        limits_of(configured(tmp_path, text))


@pytest.mark.parametrize("key", [key for key in BOUNDED if key.table in RECIPE_TABLES], ids=_full_name)
def test_recipe_bounds_are_those_of_the_imaging_package(key: Key) -> None:
    assert isinstance(key.check, Whole | Real)
    step = 1 if isinstance(key.check, Whole) else 0.001

    def recipe(value: float) -> Recipe:
        return recipe_from_mapping({key.table: {key.name: value}}, lambda name: b"")

    for value in (key.check.lowest, key.check.highest):
        assert key.check.allows(value)
        recipe(value)
    for value in (key.check.lowest - step, key.check.highest + step):
        assert not key.check.allows(value)
        with pytest.raises(RecipeError):
            recipe(value)


def test_positions_and_policies_are_those_of_the_imaging_package() -> None:
    for table, name in (("watermark", "position"), ("metadata", "policy")):
        (key,) = [key for key in KEYS if (key.table, key.name) == (table, name)]
        assert isinstance(key.check, OneOf)
        for value in key.check.choices:
            recipe_from_mapping({table: {name: value}}, lambda name: b"")


def test_the_file_that_init_writes_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "zenoimg.toml"
    path.write_text(commented(), encoding="utf-8")
    assert load(GlobalOptions(), {}, tmp_path) == Settings(folder=tmp_path)


def test_each_line_that_init_writes_is_valid_when_uncommented(tmp_path: Path) -> None:
    text = re.sub(r"^# (\w+ = )", r"\1", commented(), flags=re.MULTILINE)
    (tmp_path / "zenoimg.toml").write_text(text, encoding="utf-8")
    file = file_of(GlobalOptions(), {}, tmp_path)
    found = {each.key.full_name: each for each in effective(GlobalOptions(), {}, file)}
    assert {name for name, each in found.items() if each.source != "file"} == set()
    for key in KEYS:
        expected = key.example if key.default in (None, "") else key.default
        assert found[key.full_name].value == expected
        line = int(file.place_of(key).rpartition(":")[2])
        assert text.splitlines()[line - 1].startswith(f"{key.name} = ")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\n\n[processor]\n# memory\nmemory = 1\n", 5),
        ("processor = { timeout = 30, memory = 1 }\n", 1),
        ("processor.timeout = 30\nprocessor.memory = 1\n", 2),
        ('stack = "a"\n[watermark]\ntext = """one\nmemory = 1\n"""\n[processor]\nmemory = 1\n', 7),
        ('[watermark]\ntext = "[processor]"\n\n[processor]\ntimeout = 30\nmemory = 1\n', 6),
    ],
    ids=["plain", "inline table", "dotted", "a text that looks like it", "after others"],
)
def test_an_error_names_the_line_however_the_key_is_written(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / "zenoimg.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(GlobalOptions(), {}, tmp_path)
    assert f"zenoimg.toml:{line}: processor.memory is 1; allowed is a whole number from 512" in caught.value.message


@pytest.mark.parametrize(
    ("text", "line", "meant"),
    [("\ncolour = 1", 2, ""), ("[procesor]\nmemory = 1024", 1, "processor"), ("[api]\n\natuh = 'none'", 3, "auth")],
)
def test_an_unknown_key_is_reported_with_its_line_and_a_suggestion(
    tmp_path: Path, text: str, line: int, meant: str
) -> None:
    (tmp_path / "zenoimg.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(GlobalOptions(), {}, tmp_path)
    assert f"zenoimg.toml:{line}: unknown key" in caught.value.message
    assert meant in caught.value.next_step


@pytest.mark.parametrize("value", ["ops", "a@b", "a b@example.com", "a@example.com, b@example.com"])
def test_invalid_email_addresses_are_rejected(tmp_path: Path, value: str) -> None:
    (tmp_path / "zenoimg.toml").write_text(f'[alarms]\nemail = "{value}"', encoding="utf-8")
    with pytest.raises(ConfigurationError, match="must be an e-mail address"):
        load(GlobalOptions(), {}, tmp_path)


@pytest.mark.parametrize("value", ["max-age=60\n", "é", "x" * 257])
def test_a_cache_control_that_s3_would_reject_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(ConfigurationError, match="must be printable ASCII"):
        load(GlobalOptions(), {"ZENOIMG_COPIES_CACHE_CONTROL": value}, tmp_path)


def test_every_key_can_be_set_by_a_variable_that_overrides_the_file(tmp_path: Path) -> None:
    (tmp_path / "zenoimg.toml").write_text("[processor]\nmemory = 1024\n", encoding="utf-8")
    env = {
        "ZENOIMG_PROCESSOR_MEMORY": "2048",
        "ZENOIMG_ALARMS_EMAIL": "ops@example.com",
        "ZENOIMG_WATERMARK_SCALE": "0.1",
        "ZENOIMG_BACKFILL_CONCURRENCY": "9",
        "ZENOIMG_LIMITS_MAX_FRAMES": "7",
        "ZENOIMG_LOGS_RETENTION_DAYS": "90",
    }
    found = load(GlobalOptions(), env, tmp_path)
    assert found.parameters == {
        "ProcessorMemory": "2048",
        "AlarmEmail": "ops@example.com",
        "LogRetentionDays": "90",
    }
    assert found.recipe_tables == {"watermark": {"scale": 0.1}}
    assert (found.backfill_concurrency, found.limits) == (9, {"max_frames": 7})
    for wrong in ({"ZENOIMG_PROCESSOR_MEMORY": "much"}, {"ZENOIMG_LOGS_RETENTION_DAYS": "2"}):
        with pytest.raises(ConfigurationError, match=next(iter(wrong))):
            load(GlobalOptions(), wrong, tmp_path)


def test_an_invalid_stack_name_in_the_file_is_reported_as_an_error_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "zenoimg.toml").write_text('\nstack = "Zeno"', encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"zenoimg\.toml:2: stack is 'Zeno', which is not a valid stack name"):
        load(GlobalOptions(), {}, tmp_path)
    with pytest.raises(UsageError, match="--stack is 'Zeno'"):
        load(GlobalOptions(stack="Zeno"), {}, tmp_path)


def test_an_error_found_by_the_imaging_package_names_its_line_as_well(tmp_path: Path) -> None:
    (tmp_path / "zenoimg.toml").write_text('[watermark]\n\ncolor = "blueish"', encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"zenoimg\.toml:3: .*color: 'blueish' is not a colour; allowed are"):
        recipe_of(load(GlobalOptions(), {}, tmp_path))
