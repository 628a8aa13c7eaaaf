"""The recordings and handouts that one viewer may see now, over all courses."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, Text, and_, cast, or_, select

from lms.courses.models import Edition
from lms.infra.db import db
from lms.kernel.clock import to_ms
from lms.recordings.models import MediaKind, Recording, Stage
from lms.rights.models import Override, Publication, RightsFacts, Takedown
from lms.rights.queries.deciding import (
    Known,
    count_views,
    counts_views,
    parse_facts,
    viewer_of,
)
from lms.rights.queries.overrides import overrides_of
from lms.rights.queries.viewers import ViewerFacts
from lms.rights.rules import Action, Decision, Facts, Request, decide_access


@dataclass(frozen=True, slots=True)
class Watchable:
    """A recording that may be seen; whose course it is, `known` says."""

    recording: Recording
    known: Known
    decision: Decision


def seeing(kind: str) -> Action:
    """Return what seeing a recording of this kind is called: played, or of a paper displayed."""
    return Action.DISPLAY if kind == MediaKind.PAPER else Action.PLAY


def list_watchable(
    viewer: ViewerFacts, at: datetime, *, among: Collection[str] | None = None
) -> list[Watchable]:
    """Return what this viewer may see at `at`, newest first; `among` narrows it to some ids.

    SQL leaves out only what nobody could be allowed (`candidates`); the rest is decided one by
    one by the function that guards the pages, on the frozen facts, so that a list can never show
    more than they do. One query; one more where views are counted, and one where publication was
    passed over for this person.
    """
    rows = db.session.execute(candidates(viewer.actor.person_id, at, among)).all()
    found = []
    passed_over = []
    for recording, programme_id, facts, is_passed_over in rows:
        if is_passed_over:
            passed_over.append(recording.id)
        found.append((recording, Known(parse_facts(facts), recording.edition_id, programme_id)))
    counted = [row.id for row, known in found if counts_views(known.recording)]
    views = count_views(viewer.viewer.id, counted, at)
    overrides = overrides_of(viewer.actor.person_id or "", at, passed_over) if passed_over else {}
    watchable = []
    for recording, known in found:
        used, is_open = views.get(recording.id, (0, False))
        action = seeing(recording.kind)
        who = viewer_of(viewer, known)
        request = Request(action, views_used=used, view_open=is_open)
        decision = decide_access(
            Facts(viewer.orgs, who, known.recording, request), to_ms(at), look_ahead=False
        )
        for override in () if decision.allowed else overrides.get(recording.id, ()):
            request = Request(action, views_used=used, view_open=is_open, override=override)
            decision = decide_access(
                Facts(viewer.orgs, who, known.recording, request), to_ms(at), look_ahead=False
            )
            if decision.allowed:
                break
        if decision.allowed:
            watchable.append(Watchable(recording, known, decision))
    return watchable


def candidates(
    person_id: str | None, at: datetime, among: Collection[str] | None = None
) -> Select[Recording, str, str, bool]:
    """Return the query for what somebody may be allowed: every condition in it is necessary.

    Published, with a publication whose window holds `at`, or passed over for this person; and
    not taken down as a whole.
    """
    query = (
        select(
            Recording,
            Edition.programme_id,
            cast(RightsFacts.facts, Text),
            _is_passed_over(person_id, at),
        )
        .join(Edition, Edition.id == Recording.edition_id)
        # What was never asked about has no facts, and nobody is allowed anything (R1).
        .join(RightsFacts, RightsFacts.recording_id == Recording.id)
        .where(or_(_is_published(at), _is_passed_over(person_id, at)), ~_is_taken_down(at))
        .order_by(Recording.published_at.desc(), Recording.id.desc())
    )
    return query if among is None else query.where(Recording.id.in_(among))


def _is_published(at: datetime) -> ColumnElement[bool]:
    return and_(
        Recording.stage == Stage.PUBLISHED,
        select(Publication.id)
        .where(
            Publication.recording_id == Recording.id,
            Publication.ended_at.is_(None),
            or_(Publication.from_at.is_(None), Publication.from_at <= at),
            or_(Publication.until_at.is_(None), Publication.until_at > at),
        )
        .exists(),
    )


def _is_passed_over(person_id: str | None, at: datetime) -> ColumnElement[bool]:
    return and_(
        Recording.stage.not_in((Stage.DELETED, Stage.DESTROYED)),
        select(Override.id)
        .where(
            Override.recording_id == Recording.id,
            Override.person_id == (person_id or ""),
            Override.approved_at.is_not(None),
            or_(Override.ended_at.is_(None), Override.ended_at > at),
            Override.from_at <= at,
            Override.until_at > at,
        )
        .exists(),
    )


def _is_taken_down(at: datetime) -> ColumnElement[bool]:
    return (
        select(Takedown.id)
        .where(
            Takedown.recording_id == Recording.id,
            Takedown.segment_id.is_(None),
            cast(Takedown.actions, Text) == "[]",
            Takedown.from_at <= at,
            or_(Takedown.until_at.is_(None), Takedown.until_at > at),
        )
        .exists()
    )
