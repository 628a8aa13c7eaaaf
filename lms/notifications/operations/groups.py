"""Telling people of their seminar group, and of sessions that are for other groups now."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from lms.courses.models import EditionState
from lms.courses.queries import get_edition
from lms.kernel.clock import day_in
from lms.notifications import queries
from lms.notifications.operations.reminding import forget_reminders
from lms.notifications.operations.telling import Entry, tell_with_calendar
from lms.sessions.operations.groups import note_told
from lms.sessions.queries import SessionCard
from lms.sessions.queries.audience import (
    list_audience_ids,
    list_invited_ids,
    run_by,
    sessions_held_by,
)
from lms.sessions.queries.groups import (
    GroupCard,
    list_participant_ids,
    list_to_tell,
    meant_by_session,
)

PATIENCE: Final = timedelta(minutes=10)
"""How long after people were put into groups they are told: a slip is put right by then."""
_SHOWN = 10


def tell_groups(edition_id: str, mark: str, at: datetime, *, among: Collection[str]) -> None:
    """Tell those `among` these people who hold a seat which group they are in now.

    One mail each, with what their calendar takes in and takes out. Who was told of this group
    already, and whose calendar is right, is told nothing; nobody once the edition is over.
    """
    edition = get_edition(edition_id)
    over = edition.ends_on is not None and edition.ends_on < day_in(at)
    if edition.state not in {EditionState.PUBLISHED, EditionState.CLOSED} or over:
        return
    cards = {card.id: card for card in queries.coming_sessions(edition_id, at)}
    meant = meant_by_session(list(cards))
    held = sessions_held_by(among, list(cards))
    alike: dict[tuple[str | None, tuple[Entry, ...]], list[str]] = defaultdict(list)
    groups: dict[str, GroupCard] = {}
    for one in list_to_tell(edition_id, among):
        holds = held.get(one.person_id, set())
        comes = [key for key in cards if key in meant and one.person_id in meant[key]]
        goes = [key for key in cards if key in holds and key in meant and key not in comes]
        if goes:
            runs = run_by(one.person_id, goes)
            goes = [key for key in goes if key not in runs]
            forget_reminders(goes, one.person_id)
        entries: tuple[Entry, ...] = (
            *((key, "REQUEST") for key in comes if key not in holds),
            *((key, "CANCEL") for key in goes),
        )
        if not entries and (one.group is None or one.was_told):
            continue
        if one.group is not None:
            groups[one.group.id] = one.group
        alike[one.group.id if one.group is not None else None, entries].append(one.person_id)
    for (group_id, entries), people in alike.items():
        group = groups[group_id] if group_id is not None else None
        own = [
            card for key, card in cards.items() if key in meant and meant[key].issuperset(people)
        ]
        gone = [card for key, card in cards.items() if (key, "CANCEL") in entries]
        tell_with_calendar(
            people,
            "group_placed",
            {**queries.course_words(edition_id), **_group_words(group), **_ahead(own, gone)},
            key=f"{edition_id}:{mark}",
            calendar=dict.fromkeys(people, entries),
            at=at,
        )
        note_told(people, edition_id, at=at)


def _group_words(group: GroupCard | None) -> dict[str, Any]:
    if group is None:
        return {"group": {}, "theme": {}, "tutor": {}, "room": {}}
    return {
        "group": group.title, "theme": group.theme, "tutor": group.tutor, "room": group.room,
    }  # fmt: skip


def _ahead(own: list[SessionCard], gone: list[SessionCard]) -> dict[str, Any]:
    return {
        "sessions": [queries.session_words(card) for card in own[:_SHOWN]],
        "more": len(own[_SHOWN:]),
        "gone": [queries.session_words(card) for card in gone[:_SHOWN]],
    }


def tell_session_groups(
    live_session_id: str, mark: str, at: datetime, *, among: Collection[str]
) -> None:
    """Tell whom a session is for since its groups changed, and whom it is for no longer.

    Only those `among` these people, and only who was not told yet.
    """
    card = queries.find_session(live_session_id)
    if card is None or card.is_cancelled or card.ends_at <= at or queries.is_draft(card):
        return
    wanted = set(among)
    invited = set(list_invited_ids(live_session_id))
    fresh = set(list_participant_ids(live_session_id)) - invited
    gone = invited - set(list_audience_ids(live_session_id))
    for person_id in gone & wanted:
        forget_reminders([live_session_id], person_id)
    params = {
        "course": queries.course_words(card.edition_id)["course"],
        "session": queries.session_words(card),
        "change": queries.change_words(card),
    }
    for template, method, people in (
        ("session_scheduled", "REQUEST", fresh),
        ("session_not_yours", "CANCEL", gone),
    ):
        listeners = sorted(people & wanted)
        if listeners:
            tell_with_calendar(
                listeners,
                template,
                params,
                key=f"{live_session_id}:groups:{mark}",
                calendar=dict.fromkeys(listeners, ((card.id, method),)),
                at=at,
            )
