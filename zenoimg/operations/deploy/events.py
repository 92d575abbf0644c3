"""Deploy's rules for image events (``[events]``)."""

from __future__ import annotations

from collections.abc import Mapping

from zenoimg.aws.platform import Platform
from zenoimg.config.load import Settings
from zenoimg.stack.change_set.change import ChangeSet

#: Template parameter that turns image events on.
PARAMETER = "EventsEnabled"


def must_wait(change_set: ChangeSet, parameters: Mapping[str, str]) -> bool:
    """Return whether events can only be turned on by the update that follows this change set.

    The pipes read the table's stream, and an import applies no settings: an imported table has no stream yet.
    """
    wanted = parameters.get(PARAMETER) == "true"
    changes = change_set.changes if wanted else ()
    return any(each.action == "Import" and each.resource_type == "AWS::DynamoDB::Table" for each in changes)


def left_out(settings: Settings, platform: Platform) -> tuple[str, ...]:
    """Return a description of each event setting that has no effect on this platform."""
    if settings.parameters.get(PARAMETER) == "true" and not platform.pipes_reach_event_buses:
        return ("events.enabled: the embedded AWS has no pipes to an event bus, so no events are sent here",)
    return ()
