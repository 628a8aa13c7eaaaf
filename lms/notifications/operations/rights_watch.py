"""Telling of what watching over rights brings: closings, ends, the week, who needs another way."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from lms.completion.queries.dependants import list_dependants
from lms.enrolment.queries import list_enrolled_ids
from lms.infra.db import db
from lms.kernel.actor import Actor, Role
from lms.kernel.clock import day_in
from lms.notifications import queries
from lms.notifications.operations.telling import tell_staff
from lms.people.models import Person, RoleAssignment
from lms.people.queries import find_actor
from lms.recordings.models import MediaKind, Recording
from lms.rights.events import EndingTold
from lms.rights.queries import decide_known, find_known, viewer_facts
from lms.rights.queries.digest import Week, read_week
from lms.rights.queries.gone import find_gone
from lms.watching.models import Watch

_SHOWN_CODES = 8


def tell_closed(record_id: str, recording_id: str, edition_id: str) -> None:
    """Tell those who look after a recording that it is closed and being destroyed."""
    words = queries.recording_words(recording_id)
    if words is None:
        return
    params = {"course": queries.course_words(edition_id)["course"], **words}
    staff = queries.organiser_ids(edition_id, recording_id)
    tell_staff(staff, "rights_closed", params, key=record_id)


def tell_endings(items: Sequence[EndingTold], at: datetime) -> None:
    """Tell everyone who looks after rights what of theirs ends soon, in one mail a person."""
    lists: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in items:
        words = queries.recording_words(item.recording_id)
        if words is None:
            continue
        line = {
            **words,
            "course": queries.course_words(item.edition_id)["course"],
            "kind": item.kind,
            "holder": item.holder,
            "last_on": item.last_on.isoformat(),
            "days_left": item.days_left,
            "is_asked": item.is_asked,
        }
        for person_id in queries.organiser_ids(item.edition_id, item.recording_id):
            lists[person_id].append(line)
    key = at.isoformat(timespec="seconds")
    for person_id, lines in lists.items():
        tell_staff([person_id], "rights_ending", {"items": lines}, key=key)


def list_viewers(recording_id: str, edition_id: str, at: datetime) -> list[str]:
    """Return who may see a recording now and is enrolled in its edition or has begun it."""
    recording = db.session.get(Recording, recording_id)
    known = find_known([recording_id]).get(recording_id)
    if recording is None or known is None:
        return []
    begun = db.session.scalars(
        select(Watch.person_id).where(Watch.recording_id == recording_id).distinct()
    )
    action = "display" if recording.kind == MediaKind.PAPER else "play"
    return [
        str(actor.person_id)
        for actor in _actors({*list_enrolled_ids(edition_id), *begun}, at)
        if decide_known(viewer_facts(actor, at), known, action, at).allowed
    ]


def tell_viewing_ends(
    recording_id: str, edition_id: str, last_on: str, among: Collection[str]
) -> None:
    """Tell people the last day on which they can see a recording."""
    words = queries.recording_words(recording_id)
    if words is None:
        return
    params = {"course": queries.course_words(edition_id)["course"], **words, "last_on": last_on}
    tell_staff(among, "rights_viewing_ends", params, key=f"{recording_id}:{last_on}")


def read_weeks(since: datetime, until: datetime, at: datetime) -> dict[str, Week]:
    """Return the week of everyone who looks after rights, by person; quiet ones are left out."""
    weeks = {
        str(actor.person_id): read_week(actor, since, until)
        for actor in _actors(_rights_desk(), at)
    }
    return {key: week for key, week in weeks.items() if not week.is_quiet}


def tell_weeks(weeks: Mapping[str, Week], since: datetime, until: datetime) -> None:
    """Tell each their week."""
    for person_id, week in weeks.items():
        params = {
            "first_on": day_in(since).isoformat(),
            "views": week.views,
            "viewers": week.viewers,
            "refusals": [list(one) for one in week.refusals[:_SHOWN_CODES]],
            "overrides": week.overrides,
            "waiting": week.waiting,
            "ending": week.ending,
            "requests": week.requests,
        }
        tell_staff([person_id], "rights_week", params, key=until.isoformat())


def _rights_desk() -> list[str]:
    """Return everyone who looks after some rights: rights officers and organisers."""
    wanted = RoleAssignment.role.in_((Role.RIGHTS_OFFICER.value, Role.ORGANISER.value))
    return list(db.session.scalars(select(RoleAssignment.person_id).where(wanted).distinct()))


def _actors(person_ids: Iterable[str], at: datetime) -> list[Actor]:
    people = db.session.execute(
        select(Person.id, Person.session_epoch)
        .where(Person.id.in_(list(person_ids)), Person.suspended_at.is_(None))
        .order_by(Person.id)
    ).all()
    found = [find_actor(person_id, epoch, at) for person_id, epoch in people]
    return [actor for actor in found if actor is not None]


def count_those_in_need(recording_id: str, at: datetime) -> int:
    """Return how many still need a recording to complete, 0 while somebody can see it."""
    gone = find_gone(at, recording_ids=[recording_id]).get(recording_id)
    return len(list_dependants(gone[0])) if gone is not None else 0


def tell_dependants(recording_id: str, edition_id: str, mark: str, count: int) -> None:
    """Tell those who run an edition that people need another way to their completion."""
    words = queries.recording_words(recording_id)
    if words is None:
        return
    params = {"course": queries.course_words(edition_id)["course"], **words, "count": count}
    staff = queries.organiser_ids(edition_id)
    tell_staff(staff, "rights_dependants", params, key=f"{recording_id}:{mark}")
