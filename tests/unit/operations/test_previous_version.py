"""Which version a stack keeps for a rollback."""

from __future__ import annotations

from zenoimg.operations.deploy.previous import (
    PreviousVersion,
    is_rolled_back,
    parameters_to_go_back,
    parameters_to_keep,
    previous_version,
)

Parameters = dict[str, str]


def deploy(before: Parameters, code: str, recipe: str) -> Parameters:
    zips = {"FunctionsKey": f"f{code}", "PackagesKey": f"p{code}", "RecipeKey": f"r{recipe}"}
    return {**before, **zips, "RecipeFingerprint": recipe, **parameters_to_keep(before, recipe)}


def test_a_first_deploy_has_no_version_to_roll_back_to() -> None:
    assert previous_version(deploy({}, "1", "a")) is None


def test_a_deploy_with_another_recipe_keeps_all_zips_of_the_one_before() -> None:
    stack = deploy(deploy({}, "1", "a"), "2", "b")
    assert previous_version(stack) == PreviousVersion("f1", "p1", "ra", "a")


def test_a_deploy_of_other_code_by_the_same_recipe_keeps_the_version_with_another_recipe() -> None:
    stack = deploy(deploy(deploy({}, "1", "a"), "2", "b"), "3", "b")
    assert previous_version(stack) == PreviousVersion("f1", "p1", "ra", "a")


def test_a_rollback_swaps_both_versions_and_marks_it() -> None:
    stack = deploy(deploy({}, "1", "a"), "2", "b")
    back = {**stack, **parameters_to_go_back(stack)}
    assert (back["FunctionsKey"], back["PackagesKey"], back["RecipeKey"], back["RecipeFingerprint"]) == (
        "f1", "p1", "ra", "a",
    )  # fmt: skip
    assert previous_version(back) == PreviousVersion("f2", "p2", "rb", "b")
    assert is_rolled_back(back)
    assert not is_rolled_back(stack)


def test_a_code_deploy_after_a_rollback_leaves_it_unfinished_and_another_recipe_ends_it() -> None:
    stack = deploy(deploy({}, "1", "a"), "2", "b")
    back = {**stack, **parameters_to_go_back(stack)}
    assert is_rolled_back(deploy(back, "3", "a"))
    assert not is_rolled_back(deploy(back, "3", "b"))
    assert previous_version(deploy(back, "3", "b")) == PreviousVersion("f1", "p1", "ra", "a")


def test_a_stack_deployed_before_versions_were_kept_has_none() -> None:
    assert previous_version({"RecipeFingerprint": "a", "RecipeKey": "ra"}) is None
