"""Checks that need no AWS: settings, recipe with logo and font, limits against memory, the embedded AWS."""

from __future__ import annotations

from collections.abc import Iterator

from zenoimg.config.load import CONFIG_FILE, Settings
from zenoimg.local import EmbeddedAws
from zenoimg.operations.configured import check_parameters, limits_of, recipe_of
from zenoimg.operations.doctor.checks import Check
from zenoimg.pipeline.recipes import Recipes, base_of
from zenoimg.stack.bundle.recipe import recipe_layer, rules_parameter
from zenoimg.suggest import suggest, suggest_install


def settings_file(settings: Settings) -> Iterator[Check]:
    """Yield a check that shows where the settings come from, and a note for each notice about them."""
    path = settings.file.path
    yield Check("Settings", "ok", str(path) if path else f"no {CONFIG_FILE} here or in a folder above: defaults")
    for notice in settings.notices:
        yield Check("Settings", "note", notice)


def recipe(settings: Settings) -> Iterator[Check]:
    """Yield a check of the recipe: the logo, the font, every character of the text, the size of the layer."""
    found = recipe_of(settings)
    recipe_layer(found, limits_of(settings))
    rules_parameter(found)
    mark = base_of(found).watermark
    words = "no mark" if mark is None else f"{mark.text if mark.logo is None else 'a logo'!r}, {mark.position}"
    rules = len(found.rules) if isinstance(found, Recipes) else 0
    more = f", {rules} rule{'s' * (rules > 1)}" if rules else ""
    yield Check("Recipe", "ok", f"{words}{more}; {found.fingerprint}")


def limits(settings: Settings) -> Iterator[Check]:
    """Yield a check of the limits against the functions' memory, and of settings that depend on each other."""
    found = limits_of(settings)
    check_parameters(settings)
    yield Check(
        "Limits",
        "ok",
        f"images of up to {found.max_pixels / 1e6:g} megapixels, {found.max_bytes / 1e6:g} MB and "
        f"{found.max_memory / 1e9:.2f} GB of memory",
    )


def embedded(server: EmbeddedAws) -> Iterator[Check]:
    """Yield a check of the embedded AWS."""
    found = server.status()
    if found.version is None:
        yield Check("Embedded AWS", "note", "not installed", f"Install it with: `{suggest_install('local')}`")
    elif found.state == "running":
        yield Check("Embedded AWS", "ok", f"running at {found.endpoint_url}, ministack {found.version}")
    elif found.state == "stopped":
        yield Check("Embedded AWS", "ok", f"stopped; --local starts it at {found.endpoint_url}")
    elif found.state == "port-taken":
        yield Check(
            "Embedded AWS",
            "wrong",
            f"another program uses its port, {server.settings.port}",
            "Stop that program, or set ZENOIMG_LOCAL_PORT to another port.",
        )
    else:
        yield Check(
            "Embedded AWS",
            "wrong",
            f"process {found.pid} is alive and does not answer; its log: {found.log_file}",
            f"Wait until its work is done, or stop it with `{suggest('local', 'stop')}`.",
        )
