"""Run all checks in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from zenoimg.aws.session import Aws
from zenoimg.config.load import Settings
from zenoimg.local import EmbeddedAws
from zenoimg.operations.doctor import deployed, installed, machine
from zenoimg.operations.doctor.checks import Check, checked
from zenoimg.operations.pipeline import connect


def examine(
    load: Callable[[], Settings], connect_aws: Callable[[Settings], Aws], server: EmbeddedAws
) -> Iterator[Check]:
    """Yield each check as it is done. Checks that depend on something wrong are skipped.

    ``load`` returns the settings, and ``connect_aws`` a session, starting the embedded AWS if it is used. Raises
    ``UsageError`` for contradictory options.
    """
    yield from checked("Packages", installed.packages)
    found: list[Settings] = []
    yield from checked("Settings", lambda: _settings(load, found))
    yield from checked("Embedded AWS", lambda: machine.embedded(server))
    if not found:
        yield Check("AWS", "skipped", "the settings have to be fixed first")
        return
    (settings,) = found
    yield from checked("Recipe", lambda: machine.recipe(settings))
    yield from checked("Limits", lambda: machine.limits(settings))
    yield from _on_aws(settings, connect_aws)


def _settings(load: Callable[[], Settings], found: list[Settings]) -> Iterable[Check]:
    found.append(load())
    return machine.settings_file(found[0])


def _on_aws(settings: Settings, connect_aws: Callable[[Settings], Aws]) -> Iterator[Check]:
    sessions: list[Aws] = []

    def session() -> Iterable[Check]:
        sessions.append(connect_aws(settings))
        return deployed.region(sessions[0])

    yield from checked("AWS", session)
    if not sessions:
        return
    (aws,) = sessions
    if settings.names is not None:
        yield from checked("Names", lambda: deployed.named_parts(connect(aws, settings)))
        yield from checked("Health", lambda: deployed.health(connect(aws, settings), settings))
        return
    for name, look in (
        ("Credentials", lambda: deployed.credentials(aws)),
        ("Stack", lambda: deployed.stack(aws, settings)),
    ):
        for check in checked(name, look):
            yield check
            if check.state != "ok":
                return
    pipeline = connect(aws, settings)
    yield from checked("Parts", lambda: deployed.parts(aws, settings))
    yield from checked("Data", lambda: deployed.data(aws, settings))
    yield from checked("Deployed", lambda: deployed.recipe(pipeline, settings))
    yield from checked("Health", lambda: deployed.health(pipeline, settings))
