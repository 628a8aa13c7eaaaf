"""Flagged pages as facts of the decision.

Of a paper, staff flag pages that must not go through a channel: the room, the live stream, later
reading, the file that is taken away. Each flag becomes a segment of its own with a lineage that
grants just the actions of the channels left open. So the decision stays the only gate: such
pages are hidden where their channel is closed, and a file, print or room that must go without
them needs a cut copy with exactly these cuts (R13).
"""

from collections.abc import Collection
from typing import Any, Final, TypeAlias

from lms.rights.rules.facts import Action

Json: TypeAlias = dict[str, Any]

#: What goes through a channel. Printing and embedding give a copy away, as a download does.
CHANNEL_ACTIONS: Final[dict[str, tuple[Action, ...]]] = {
    "room": (Action.SCREEN,),
    "live": (Action.LIVE,),
    "later": (Action.PLAY, Action.DISPLAY, Action.GUEST_LINK),
    "download": (Action.DOWNLOAD, Action.PRINT, Action.EMBED),
}

#: The kind of such an agreement. No kind is required by this name, so it fills none.
FLAG_KIND: Final = "channel_flag"


_PREFIX: Final = "flag:"


def is_flag(segment_id: str) -> bool:
    """Whether a segment or agreement of the facts stands for a flag and not for a rightsholder."""
    return segment_id.startswith(_PREFIX)


def flag_facts(
    flag_id: str, first_page: int, last_page: int, barred: Collection[str]
) -> tuple[Json, Json]:
    """Return the agreement and the segment of one flag, in the case format.

    Pages count from 1, both ends included; the segment counts them from 0.
    """
    key = f"{_PREFIX}{flag_id}"
    actions = [
        action.value
        for channel, uses in CHANNEL_ACTIONS.items()
        if channel not in barred
        for action in uses
    ]
    grants = [{"id": key, "actions": actions, "audience": {"reach": "outside"}}] if actions else []
    agreement = {
        "id": key,
        "lineage": key,
        "kind": FLAG_KIND,
        "scope": "segment",
        "status": "signed",
        "signed_at": 0,
        "grants": grants,
        "prohibitions": [],
        "withdrawals": [],
    }
    segment = {
        "id": key,
        "a": first_page - 1,
        "b": last_page,
        "lineages": [key],
        "disposition": "needs_agreement",
        "on_deny": "hide",
    }
    return agreement, segment
