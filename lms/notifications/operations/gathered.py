"""One mail instead of many: an edition put off or called off, and sessions added together.

Whoever has several parts in it (a seat, a session to run, members to look after) reads all of it
in one mail, with every calendar entry as a part of it.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from lms.enrolment.queries import list_enrolled_ids
from lms.infra.db import lock_row
from lms.kernel.clock import day_in
from lms.notifications import queries
from lms.notifications.operations.telling import Entry, tell_with_calendar
from lms.people.queries import list_names
from lms.people.queries.coordinating import coordinators_of
from lms.sessions.models import EditionPostponement, LiveSession
from lms.sessions.operations.postponing import note_reminded
from lms.sessions.queries import SessionCard
from lms.sessions.queries.audience import (
    list_hands_of,
    list_invited_of,
    sessions_held_by,
    sessions_told_to,
)
from lms.sessions.queries.feeds import find_cards
from lms.sessions.queries.groups import meant_by_session, participants_of_sessions
from lms.sessions.queries.postponing import find_answers, find_postponement
from lms.sessions.rules.postponing import PostponeKind

MOST_MEMBERS: Final = 50
"""How many members a coordinator reads by name; of the others the number."""
_SHOWN: Final = 10


@dataclass(slots=True)
class Listener:
    """What a person has to do with an edition. `runs` and `comes` hold ids of sessions."""

    comes: set[str] = field(default_factory=set)
    runs: set[str] = field(default_factory=set)
    has_seat: bool = False
    waits: bool = False
    members: tuple[str, ...] = ()

    @property
    def concerns(self) -> set[str]:
        """The sessions of which this person's calendar is told."""
        return self.comes | self.runs


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


def _listeners(
    enrolled: Collection[str],
    waiting: Collection[str],
    comes: Mapping[str, set[str]],
    runs: Mapping[str, set[str]],
    at: datetime,
) -> dict[str, Listener]:
    """Return everyone concerned, in the order of ids; `comes` and `runs` are by session."""
    found: dict[str, Listener] = defaultdict(Listener)
    for person_id in enrolled:
        found[person_id].has_seat = True
    for person_id in waiting:
        found[person_id].waits = True
    for session_id, people in comes.items():
        for person_id in people:
            found[person_id].comes.add(session_id)
    for session_id, people in runs.items():
        for person_id in people:
            found[person_id].runs.add(session_id)
    concerned = [key for key, one in found.items() if one.has_seat or one.waits]
    for person_id, members in coordinators_of(concerned, day_in(at)).items():
        found[person_id].members = tuple(members)
    return dict(sorted(found.items()))


def _members(member_ids: Sequence[str]) -> dict[str, Any]:
    names = list_names(member_ids[:MOST_MEMBERS]) if member_ids else {}
    return {
        "members": sorted(name.shown for name in names.values()),
        "more_members": max(0, len(member_ids) - MOST_MEMBERS),
    }


def _tell_alike(
    listeners: Mapping[str, tuple[Mapping[str, Any], Sequence[Entry]]],
    template: str,
    *,
    key: str,
    at: datetime,
    not_after: datetime | None = None,
) -> None:
    """Write the mails of all, those with the same words together.

    All sessions are locked first, in one order for everybody: each mail locks its own.
    """
    for session_id in sorted(
        {entry[0] for _params, entries in listeners.values() for entry in entries}
    ):
        lock_row(LiveSession, session_id)
    alike: dict[str, list[str]] = defaultdict(list)
    for person_id, (params, _entries) in listeners.items():
        alike[json.dumps(params, sort_keys=True)].append(person_id)
    for people in alike.values():
        tell_with_calendar(
            people,
            template,
            listeners[people[0]][0],
            key=key,
            calendar={person_id: listeners[person_id][1] for person_id in people},
            at=at,
            not_after=not_after,
        )


# --- put off ------------------------------------------------------------------------------------


def people_of_postponement(postponement_id: str, at: datetime) -> dict[str, Listener]:
    """Return whom a postponement concerns and how; nobody once a later one says otherwise."""
    row = queries.get_postponement(postponement_id)
    last = find_postponement(row.edition_id) if row is not None else None
    if row is None or last is None or last.id != row.id:
        return {}
    ids = [line["id"] for line in row.lines]
    return _listeners(
        list_enrolled_ids(row.edition_id),
        queries.waiting_in(row.edition_id),
        participants_of_sessions(ids),
        list_hands_of(ids),
        at,
    )


def tell_postponed(postponement_id: str, people: Mapping[str, Listener], at: datetime) -> None:
    """Tell these people that an edition is put off: dates before and after, and their calendars."""
    row = queries.get_postponement(postponement_id)
    if row is None:
        return
    cards = {card.id: card for card in find_cards([line["id"] for line in row.lines])}
    words = queries.course_words(row.edition_id)
    asked = find_answers(row.id, people)
    told: dict[str, tuple[Mapping[str, Any], Sequence[Entry]]] = {}
    for person_id, one in people.items():
        mine = one.concerns or set(cards)
        lines = [
            _line(line, cards[line["id"]], row)
            for line in row.lines
            if line["id"] in cards and line["id"] in mine
        ]
        asks = person_id in asked and not asked[person_id]
        params = {
            **words,
            "kind": row.kind,
            "was_open": all(line["was_on_hold"] for line in row.lines),
            "cause": row.cause,
            "words": row.words,
            "sessions": lines,
            "asks": asks,
            "answer_until": row.answer_until.isoformat() if asks and row.answer_until else "",
            "has_seat": one.has_seat,
            "waits": one.waits,
            "runs": bool(one.runs),
            **_members(one.members),
        }
        entries: list[Entry] = [
            (line["id"], "CANCEL" if cards[line["id"]].is_cancelled else "REQUEST")
            for line in row.lines
            if line["id"] in cards and line["id"] in one.concerns
        ]
        told[person_id] = params, entries
    _tell_alike(told, "edition_postponed", key=f"{row.edition_id}:{_stamp(row.at)}", at=at)


def _line(line: Mapping[str, Any], card: SessionCard, row: EditionPostponement) -> dict[str, Any]:
    return {
        **queries.session_words(card),
        "was": {"starts_at": line["starts_at"], "ends_at": line["ends_at"]},
        "is_open": row.kind == PostponeKind.OPEN.value,
    }


def remind_of_new_dates(
    row_id: str,
    edition_id: str,
    answer_until: datetime,
    people: Collection[str],
    *,
    at: datetime,
) -> None:
    """Remind those who said neither yes nor no, once; useless after `answer_until`."""
    found = note_reminded(row_id, people, at=at)
    answers = find_answers(row_id, found)
    for answer in sorted(set(answers.values())):
        tell_with_calendar(
            [key for key in found if answers.get(key) == answer],
            "new_dates_reminder",
            {
                **queries.course_words(edition_id),
                "answer": answer,
                "answer_until": answer_until.isoformat(),
            },
            key=row_id,
            calendar={},
            at=at,
            not_after=answer_until,
        )


# --- called off ---------------------------------------------------------------------------------


def people_of_cancelled_edition(edition_id: str, at: datetime) -> dict[str, Listener]:
    """Return whom it concerns that an edition was cancelled at this moment.

    Of a draft nobody knew, so those who were to run it are not told either.
    """
    ids = queries.cancelled_session_ids(edition_id, at)
    seated = queries.left_at(edition_id, at)
    held = sessions_held_by(seated, ids)
    known = sessions_told_to(seated, ids)
    grouped = meant_by_session(ids)
    comes: dict[str, set[str]] = {key: set() for key in ids}
    for person_id, had_seat in seated.items():
        for key in ids:
            # Somebody enrolled before invitations were kept may have the session all the same.
            unknown = had_seat and key not in known.get(person_id, ()) and key not in grouped
            if key in held.get(person_id, ()) or unknown:
                comes[key].add(person_id)
    runs = list_hands_of(ids)
    if not queries.was_published(edition_id):
        told = sessions_told_to({one for people in runs.values() for one in people}, ids)
        runs = {
            key: {one for one in people if key in told.get(one, ())} for key, people in runs.items()
        }
    return _listeners(
        [key for key, had_seat in seated.items() if had_seat],
        [key for key, had_seat in seated.items() if not had_seat],
        comes,
        runs,
        at,
    )


def tell_edition_cancelled(edition_id: str, at: datetime, people: Mapping[str, Listener]) -> None:
    """Tell these people that an edition will not take place, and take it out of calendars."""
    ids = queries.cancelled_session_ids(edition_id, at)
    cards: dict[str, SessionCard] = {card.id: card for card in find_cards(ids)}
    words = queries.course_words(edition_id)
    row = find_postponement(edition_id)
    said = row if row is not None and row.kind == PostponeKind.OFF.value else None
    told: dict[str, tuple[Mapping[str, Any], Sequence[Entry]]] = {}
    for person_id, one in people.items():
        shown = [cards[key] for key in ids if key in one.concerns and key in cards]
        params = {
            **words,
            "cause": said.cause if said is not None else "",
            "words": said.words if said is not None else {},
            "sessions": [queries.session_words(card) for card in shown[:_SHOWN]],
            "more": len(shown[_SHOWN:]),
            "had_part": one.has_seat or one.waits,
            "runs": bool(one.runs),
            **_members(one.members),
        }
        entries: list[Entry] = [(key, "CANCEL") for key in ids if key in one.concerns]
        told[person_id] = params, entries
    _tell_alike(told, "edition_cancelled", key=f"{edition_id}:{_stamp(at)}", at=at)


# --- added together -----------------------------------------------------------------------------


def people_of_new_sessions(live_session_ids: Sequence[str], at: datetime) -> dict[str, Listener]:
    """Return who is told of sessions that were added together, with those that are new to them."""
    ids = [
        card.id
        for card in find_cards(live_session_ids)
        if not card.is_cancelled and card.ends_at > at and not queries.is_draft(card)
    ]
    invited = list_invited_of(ids)
    found: dict[str, Listener] = defaultdict(Listener)
    for session_id, people in participants_of_sessions(ids).items():
        for person_id in people - invited[session_id]:
            found[person_id].comes.add(session_id)
    for session_id, people in list_hands_of(ids).items():
        for person_id in people - invited[session_id]:
            found[person_id].runs.add(session_id)
    return dict(sorted(found.items()))


def hands_of_new_sessions(live_session_ids: Sequence[str], at: datetime) -> dict[str, Listener]:
    """Return who runs these sessions and was not told yet, with those of each."""
    found = people_of_new_sessions(live_session_ids, at)
    return {key: Listener(runs=one.runs) for key, one in found.items() if one.runs}


def tell_new_sessions(
    edition_id: str, mark: str, people: Mapping[str, Listener], at: datetime
) -> None:
    """Tell these people of the sessions that are new to them, one mail each."""
    wanted = {key for one in people.values() for key in one.concerns}
    cards = {card.id: card for card in find_cards(sorted(wanted))}
    words = queries.course_words(edition_id)
    told: dict[str, tuple[Mapping[str, Any], Sequence[Entry]]] = {}
    for person_id, one in people.items():
        mine = [card for key, card in cards.items() if key in one.concerns]
        params = {
            **words,
            "sessions": [queries.session_words(card) for card in mine],
            "comes": bool(one.comes),
            "runs": bool(one.runs),
        }
        told[person_id] = params, [(card.id, "REQUEST") for card in mine]
    _tell_alike(told, "sessions_scheduled", key=f"{edition_id}:{mark}", at=at)
