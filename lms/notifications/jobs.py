"""Telling many, and the tick of reminders."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from lms.infra.db import unit_of_work
from lms.infra.jobs.running import JobContext
from lms.kernel import clock
from lms.notifications import operations, queries
from lms.notifications.operations import gathered, groups, hosting, rights_watch
from lms.sessions.queries.postponing import list_open_postponements, list_unreminded_ids
from lms.sessions.rules.postponing import remind_at

_AT_ONCE = 100  # people in one write transaction, so that nobody else waits long for theirs


def _in_steps(
    context: JobContext, person_ids: list[str], tell: Callable[[Collection[str]], None]
) -> None:
    """Tell people in steps. Broken off and begun again, it tells nobody twice: mails have keys."""
    for start in range(0, len(person_ids), _AT_ONCE):
        with unit_of_work():
            tell(person_ids[start : start + _AT_ONCE])
        context.phase(1000 * start // len(person_ids))


def tell_of_session(context: JobContext, payload: dict[str, Any]) -> None:
    """Write a mail to each who is on the list of a session."""
    template, session_id, mark = (payload[k] for k in ("template", "live_session_id", "mark"))
    _in_steps(
        context,
        queries.people_of_session(session_id),
        lambda among: operations.tell_people_of_session(
            template, session_id, mark, clock.now(), among=among
        ),
    )


def tell_of_hands(context: JobContext, payload: dict[str, Any]) -> None:
    """Tell who runs a session now, and who no longer does: few people."""
    with context.finish():
        operations.tell_hands_of_session(payload["live_session_id"], payload["mark"], clock.now())


def tell_of_session_groups(context: JobContext, payload: dict[str, Any]) -> None:
    """Tell for whom a session is now, and for whom no longer."""
    key = payload["live_session_id"]
    _in_steps(
        context,
        queries.told_of(key),
        lambda among: groups.tell_session_groups(key, payload["mark"], clock.now(), among=among),
    )


def tell_of_groups(context: JobContext, payload: dict[str, Any]) -> None:
    """Tell people of the seminar group they are in now, with what changes in their calendars."""
    _in_steps(
        context,
        payload["person_ids"].split(),
        lambda among: groups.tell_groups(
            payload["edition_id"], payload["mark"], clock.now(), among=among
        ),
    )


def tell_of_edition_hands(context: JobContext, payload: dict[str, Any]) -> None:
    """Tell who runs the sessions of an edition that people know of from now on: one mail each."""
    at, edition_id = clock.now(), payload["edition_id"]
    keys = [card.id for card in queries.coming_sessions(edition_id, at)]
    _gathered(
        context,
        gathered.hands_of_new_sessions(keys, at),
        lambda people: gathered.tell_new_sessions(edition_id, payload["mark"], people, at),
    )
    for key in keys:
        with unit_of_work():
            operations.tell_hands_of_session(key, payload["mark"], at, only_gone=True)
        context.phase(0)


def _gathered(
    context: JobContext,
    people: Mapping[str, gathered.Listener],
    tell: Callable[[Mapping[str, gathered.Listener]], None],
) -> None:
    """Tell people in steps, each of all that concerns them."""
    _in_steps(context, list(people), lambda among: tell({key: people[key] for key in among}))


def tell_of_new_sessions(context: JobContext, payload: dict[str, Any]) -> None:
    """Write one mail to each who is concerned by sessions that were added together."""
    at = clock.now()
    _gathered(
        context,
        gathered.people_of_new_sessions(payload["live_session_ids"], at),
        lambda people: gathered.tell_new_sessions(
            payload["edition_id"], payload["mark"], people, at
        ),
    )


def tell_of_postponement(context: JobContext, payload: dict[str, Any]) -> None:
    """Write one mail to each whom it concerns that an edition was put off."""
    at, key = clock.now(), payload["postponement_id"]
    _gathered(
        context,
        gathered.people_of_postponement(key, at),
        lambda people: gathered.tell_postponed(key, people, at),
    )


def remind_of_new_dates(context: JobContext, _payload: dict[str, Any]) -> None:
    """Remind those who did not say whether new dates suit them, once."""
    at = clock.now()
    for row in list_open_postponements(at):
        if row.answer_until is None or remind_at(row.at, row.answer_until) > at:
            continue
        _in_steps(
            context,
            list_unreminded_ids(row),
            partial(gathered.remind_of_new_dates, row.id, row.edition_id, row.answer_until, at=at),
        )


def tell_of_recording(context: JobContext, payload: dict[str, Any]) -> None:
    """Write a mail to each who is enrolled."""
    _in_steps(
        context,
        queries.enrolled_in(payload["edition_id"]),
        lambda among: operations.tell_enrolled_of_recording(
            payload["template"],
            payload["recording_id"],
            payload["edition_id"],
            payload["mark"],
            among=among,
        ),
    )


def tell_of_cancelled_edition(context: JobContext, payload: dict[str, Any]) -> None:
    """Write one mail to each whom it concerns that an edition was cancelled."""
    edition_id, at = payload["edition_id"], datetime.fromisoformat(payload["at"])
    with unit_of_work():
        operations.forget_reminders(queries.session_ids(edition_id))
    _gathered(
        context,
        gathered.people_of_cancelled_edition(edition_id, at),
        lambda people: gathered.tell_edition_cancelled(edition_id, at, people),
    )


def remind_of_sessions(context: JobContext, _payload: dict[str, Any]) -> None:
    """Remind of what starts in a week, a day and an hour, in steps; nobody is reminded twice."""
    at = clock.now()
    for coming, kind, people in operations.due_reminders(at):
        keys = sorted(people)
        for start in range(0, len(keys), _AT_ONCE):
            step = {key: people[key] for key in keys[start : start + _AT_ONCE]}
            with unit_of_work():
                operations.remind(coming.live_session_id, kind, coming.starts_at, step, at=at)
            context.phase(0)


def tell_of_viewing_end(context: JobContext, payload: dict[str, Any]) -> None:
    """Write a mail to each who may see a recording now and is enrolled or has begun it."""
    recording_id, last_on = payload["recording_id"], payload["last_on"]
    _in_steps(
        context,
        rights_watch.list_viewers(recording_id, payload["edition_id"], clock.now()),
        lambda among: rights_watch.tell_viewing_ends(
            recording_id, payload["edition_id"], last_on, among
        ),
    )


def tell_of_rights_week(context: JobContext, payload: dict[str, Any]) -> None:
    """Write the digest of a week to each of the rights desk who has something to read in it."""
    since, until = (datetime.fromisoformat(payload[name]) for name in ("since", "until"))
    weeks = rights_watch.read_weeks(since, until, clock.now())
    with context.finish():  # the rights desk is few people
        rights_watch.tell_weeks(weeks, since, until)


def tell_of_dependants(context: JobContext, payload: dict[str, Any]) -> None:
    """Tell those who run an edition how many still need a recording that is gone, if any."""
    count = rights_watch.count_those_in_need(payload["recording_id"], clock.now())
    with context.finish():
        if count:
            rights_watch.tell_dependants(
                payload["recording_id"], payload["edition_id"], payload["mark"], count
            )


def tell_of_release(context: JobContext, payload: dict[str, Any]) -> None:
    """Send the real address of a meeting to each who is admitted."""
    key = payload["live_session_id"]
    _in_steps(
        context,
        list(hosting.admitted_to(key)),
        lambda among: hosting.tell_release(key, among, clock.now()),
    )


def tell_hosts(context: JobContext, _payload: dict[str, Any]) -> None:
    """Send hosts and organisers the real address of what starts within a day."""
    keys = list(hosting.sessions_to_tell(clock.now()))
    for place, key in enumerate(keys):
        with unit_of_work():
            hosting.tell_hosts(key)
        context.phase(1000 * place // len(keys))


JOBS = {
    "tell_of_release": tell_of_release,
    "tell_hosts": tell_hosts,
    "tell_of_dependants": tell_of_dependants,
    "tell_of_viewing_end": tell_of_viewing_end,
    "tell_of_rights_week": tell_of_rights_week,
    "tell_of_session": tell_of_session,
    "tell_of_hands": tell_of_hands,
    "tell_of_session_groups": tell_of_session_groups,
    "tell_of_groups": tell_of_groups,
    "tell_of_edition_hands": tell_of_edition_hands,
    "tell_of_new_sessions": tell_of_new_sessions,
    "tell_of_postponement": tell_of_postponement,
    "remind_of_new_dates": remind_of_new_dates,
    "tell_of_recording": tell_of_recording,
    "tell_of_cancelled_edition": tell_of_cancelled_edition,
    "remind_of_sessions": remind_of_sessions,
}
TICKS = {"remind_of_new_dates": 900, "remind_of_sessions": 300, "tell_hosts": 900}
