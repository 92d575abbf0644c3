"""The allowed ends: the states of copy and record in which the runs may leave an original."""

from __future__ import annotations

from functools import cache

from tests.unit.pipeline.interleavings.search import explore
from tests.unit.pipeline.interleavings.world import NEW, Run, World, published, refuses
from zenoimg.imaging import Recipe
from zenoimg.pipeline.verdict import CopyMark


def assert_allowed(world: World, *recipes: Recipe) -> None:
    """Check that copy and record are one of the allowed ends for the original, by one of the recipes at work."""
    version, record = world.original, world.record
    if version is None:
        assert world.copy is None, f"an orphaned copy: {world}"
        assert record is None, f"an orphaned record: {world}"
        return
    assert record is not None, f"no record: {world}"
    assert record.version_id == version, f"a record of another version: {world}"
    assert record.recipe in {recipe.fingerprint for recipe in recipes}
    if record.status == "processed":
        assert not refuses(record.recipe, version)
        assert world.copy == CopyMark(version, record.recipe, record.headers or ""), f"copy and record differ: {world}"
    else:
        assert record.status == "refused", f"neither processed nor refused: {world}"
        assert refuses(record.recipe, version), f"refused by a recipe that does not: {world}"
        recipe = record.copy_recipe
        kept = None if recipe is None else CopyMark(version, recipe, record.headers or "")
        assert world.copy == kept, f"not the copy that the record keeps: {world}"
    if world.copy is not None:
        assert record.headers, f"a copy without headers of known rules: {world}"
        assert record.processed_size == published(world.copy).size, f"another copy is described: {world}"
    assert world.copy is not None or version not in world.published, f"a published copy is gone: {world}"


@cache
def settled(version: str | None, recipe: Recipe = NEW, then: Recipe | None = None) -> World:
    """Return the world after undisturbed runs by one recipe, and then by another one."""
    world = World(version)
    for each in (recipe, then):
        if each is not None:
            (world,) = explore(world, (Run(each.fingerprint),), ())[0]
    return world
