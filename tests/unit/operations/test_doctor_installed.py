"""What ``doctor`` says about installed packages."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, requires

import pytest

from zenoimg.operations.doctor import installed
from zenoimg.operations.doctor.checks import Check
from zenoimg.operations.doctor.installed import EXTRAS, Requirement, parse, satisfies


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("boto3>=1.40", Requirement("boto3", ">=1.40")),
        ("pillow<14,>=13.0", Requirement("pillow", "<14,>=13.0")),
        ("ministack==1.5.33; extra == 'local'", Requirement("ministack", "==1.5.33", "local")),
        ('moto[s3,server]==5.2.5 ; extra == "dev"', Requirement("moto", "==5.2.5", "dev")),
        ("rich", Requirement("rich", "")),
    ],
)
def test_a_requirement_is_parsed(text: str, expected: Requirement) -> None:
    assert parse(text) == expected


def test_all_our_requirements_are_parsed() -> None:
    declared = [parse(each) for each in requires("zenoimg") or ()]
    assert {"boto3", "pillow", "typer"} <= {each.package for each in declared if not each.extra}
    assert all(each.wanted and ";" not in each.package for each in declared)


@pytest.mark.parametrize(
    ("found", "wanted", "expected"),
    [
        ("13.0.0", ">=13.0,<14", True),
        ("14.0.0", ">=13.0,<14", False),
        ("12.3", ">=13.0,<14", False),
        ("14.0rc1", "<14", False),
        ("1.5.33", "==1.5.33", True),
        ("1.5.34", "==1.5.33", False),
        ("1.100", ">=1.40", True),
        ("2", "~=1.0", True),
        ("2", "", True),
    ],
)
def test_versions_are_compared_as_numbers(found: str, wanted: str, expected: bool) -> None:
    assert satisfies(found, wanted) is expected


def checks(monkeypatch: pytest.MonkeyPatch, versions: dict[str, str]) -> dict[str, Check]:
    def version(package: str) -> str:
        if package not in versions:
            raise PackageNotFoundError
        return versions[package]

    declared = ["boto3>=1.40", "pillow<14,>=13.0", "ministack==1.5.33; extra == 'local'"]
    monkeypatch.setattr(installed, "version", version)
    monkeypatch.setattr(installed, "requires", lambda _: declared)
    return {each.name: each for each in installed.packages()}


def test_packages_installed_as_declared_are_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    found = checks(monkeypatch, {"zenoimg": "0.1.0", "boto3": "1.44", "pillow": "13.0.0", "ministack": "1.5.33"})
    assert {name: each.state for name, each in found.items()} == {"Packages": "ok", "Extra local": "ok"}
    assert "boto3 1.44, pillow 13.0.0" in found["Packages"].what


def test_missing_and_outdated_packages_are_reported_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    found = checks(monkeypatch, {"zenoimg": "0.1.0", "pillow": "12.3.0", "ministack": "1.5.34"})
    assert (found["Packages"].state, found["Extra local"].state) == ("wrong", "wrong")
    assert found["Packages"].what == "boto3 is not installed; pillow 12.3.0 is installed, <14,>=13.0 is needed"
    assert "pip install" in found["Packages"].remedy
    assert "[local]" in found["Extra local"].remedy


def test_an_extra_that_is_not_installed_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = checks(monkeypatch, {"zenoimg": "0.1.0", "boto3": "1.44", "pillow": "13.0.0"})["Extra local"]
    assert (extra.state, extra.what) == ("note", f"not installed: ministack, for {EXTRAS['local']}")
    assert "[local]" in extra.remedy


def test_a_copy_of_the_source_declares_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> list[str]:
        raise PackageNotFoundError

    monkeypatch.setattr(installed, "requires", missing)
    assert [each.state for each in installed.packages()] == ["note"]
