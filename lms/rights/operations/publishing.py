"""Publishing within the rights, ending it, taking down."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from lms.infra.audit import record_act
from lms.infra.db import db
from lms.infra.events import raise_event
from lms.kernel.actor import SYSTEM, Actor
from lms.kernel.clock import from_ms, to_ms
from lms.kernel.errors import InvalidInputError
from lms.kernel.ids import EditionId, RecordingId
from lms.people.queries import organisation_tree_facts
from lms.recordings.models import Recording, Stage
from lms.recordings.operations import bump_generation, mark_in_review, mark_published
from lms.rights.errors import RightsRefusedError
from lms.rights.events import RecordingPublished, RecordingTakenDown
from lms.rights.models import Publication, Takedown
from lms.rights.operations.freezing import rewrite_facts
from lms.rights.operations.opening import open_recording
from lms.rights.policy import require_rights_desk
from lms.rights.queries import day_end, day_start, find_known
from lms.rights.rules import (
    Reach,
    Scope,
    find_gaps,
    intersect_scopes,
    org_tree_from_json,
    sum_up_rights,
)
from lms.rights.rules.facts import BEGINNING, END


@dataclass(frozen=True, slots=True)
class PublicationDetails:
    """What the federation wants to show: actions, for whom, from and until which day in Japan.

    `reach` None admits only `orgs`; else `orgs` are admitted beyond it.
    """

    actions: tuple[str, ...] = ("play",)
    reach: Reach | None = Reach.OUTSIDE
    orgs: frozenset[str] = frozenset()
    enrolled_only: bool = True
    first_on: date | None = None
    last_on: date | None = None


def wanted_scope(details: PublicationDetails) -> Scope:
    """Return the scope of a publication as it is asked for."""
    first, last = details.first_on, details.last_on
    return Scope(
        actions=frozenset(details.actions),
        reach=details.reach,
        orgs=frozenset() if details.reach is Reach.OUTSIDE else details.orgs,
        enrolled_only=details.enrolled_only,
        opens=BEGINNING if first is None else to_ms(day_start(first)),
        closes=END if last is None else to_ms(day_end(last)),
    )


def publish_recording(
    actor: Actor,
    recording_id: str,
    details: PublicationDetails,
    at: datetime,
    *,
    within_rights: bool = True,
) -> list[Publication]:
    """Publish a recording or handout, in place of what was published before.

    Within the rights, the publication is cut down to what all rightsholders allow now; else it
    stands as asked for, and whoever lies beyond the rights is still refused. Raises
    RightsRefusedError (not_ready, taken_down, nobody_allowed with `missing`),
    InvalidInputError (actions, reach, last_on).
    """
    recording = open_recording(recording_id)
    require_rights_desk(actor, recording)
    _check(details)
    if recording.stage not in (Stage.REVIEW, Stage.PUBLISHED):
        raise RightsRefusedError("not_ready")
    if _open_takedowns(recording.id, at):
        raise RightsRefusedError("taken_down")
    scope = wanted_scope(details)
    rewrite_facts(recording.id, at)
    if within_rights:
        rights = sum_up_rights(find_known([recording.id])[recording.id].recording, to_ms(at))
        within = scope if rights is None else intersect_scopes(rights, scope)
        # Where nothing is left, what was asked for is judged: its reasons say what is missing.
        scope = scope if within.is_empty else within
    _end_publications(recording.id, at)
    rows = [
        Publication(
            recording_id=recording.id,
            conditions=conditions,
            from_at=None if scope.opens == BEGINNING else from_ms(scope.opens),
            until_at=None if scope.closes == END else from_ms(scope.closes),
            created_by=actor.person_id,
            created_at=at,
        )
        for conditions in _conditions(scope, recording)
    ]
    db.session.add_all(rows)
    rewrite_facts(recording.id, at)
    _refuse_empty(recording, at)
    mark_published(SYSTEM, recording.id, at)
    record_act(
        actor, "rights.published", "recording", recording.id, at=at,
        publications=[row.id for row in rows], within_rights=within_rights,
    )  # fmt: skip
    rewrite_facts(recording.id, at)
    raise_event(RecordingPublished(RecordingId(recording.id), EditionId(recording.edition_id), at))
    return rows


def end_publication(actor: Actor, recording_id: str, at: datetime) -> Recording:
    """End all that is published of a recording; it waits for review again.

    Raises RightsRefusedError (not_published).
    """
    recording = open_recording(recording_id)
    require_rights_desk(actor, recording)
    if not _end_publications(recording.id, at) and recording.stage != Stage.PUBLISHED:
        raise RightsRefusedError("not_published")
    mark_in_review(SYSTEM, recording.id, at)
    record_act(actor, "rights.publication_ended", "recording", recording.id, at=at)
    rewrite_facts(recording.id, at)
    return recording


def take_down(actor: Actor, recording_id: str, reason: str, at: datetime) -> Takedown:
    """Stop a recording for everyone, staff too, until it is lifted.

    Raises RightsRefusedError (taken_down) when it is stopped already, InvalidInputError (reason).
    """
    recording = open_recording(recording_id)
    require_rights_desk(actor, recording)
    if not reason.strip():
        raise InvalidInputError("reason", "reason_missing")
    if _open_takedowns(recording.id, at):
        raise RightsRefusedError("taken_down")
    takedown = Takedown(
        recording_id=recording.id, from_at=at, reason=reason.strip(), by_id=actor.person_id
    )
    db.session.add(takedown)
    bump_generation(SYSTEM, recording.id, at)
    record_act(actor, "rights.taken_down", "recording", recording.id, at=at)
    rewrite_facts(recording.id, at)
    raise_event(RecordingTakenDown(RecordingId(recording.id), EditionId(recording.edition_id), at))
    return takedown


def lift_takedown(actor: Actor, recording_id: str, at: datetime) -> Recording:
    """Lift the takedown: what was published and agreed counts again.

    Raises RightsRefusedError (not_taken_down).
    """
    recording = open_recording(recording_id)
    require_rights_desk(actor, recording)
    takedowns = _open_takedowns(recording.id, at)
    if not takedowns:
        raise RightsRefusedError("not_taken_down")
    for takedown in takedowns:
        takedown.until_at = at
    record_act(actor, "rights.takedown_lifted", "recording", recording.id, at=at)
    rewrite_facts(recording.id, at)
    return recording


def _check(details: PublicationDetails) -> None:
    if not details.actions:
        raise InvalidInputError("actions", "nothing_published")
    if details.reach is None and not details.orgs:
        raise InvalidInputError("organisations", "organisations_missing")
    first, last = details.first_on, details.last_on
    if first is not None and last is not None and last < first:
        raise InvalidInputError("last_on", "last_before_first")


def _conditions(scope: Scope, recording: Recording) -> Iterable[dict[str, object]]:
    """Give the alternatives of a publication: a step of the ladder, and organisations beyond."""
    common: dict[str, object] = {}
    if scope.actions is not None:
        common["actions"] = sorted(scope.actions)
    if scope.enrolled_only:
        common["enrolled"] = {"course": recording.edition_id}
    if scope.reach is not None:
        yield {**common, "audience": {"reach": scope.reach.name.lower()}}
    if scope.orgs:
        yield {**common, "audience": {"reach": "outside", "orgs": sorted(scope.orgs)}}


def _refuse_empty(recording: Recording, at: datetime) -> None:
    """Refuse while nobody could ever be allowed, with the reasons that are nearest to it."""
    known = find_known([recording.id])[recording.id].recording
    orgs = org_tree_from_json(organisation_tree_facts())
    gaps = find_gaps(known, orgs, recording.edition_id, to_ms(at))
    if gaps:
        raise RightsRefusedError("nobody_allowed", missing=gaps)


def _end_publications(recording_id: str, at: datetime) -> bool:
    rows = db.session.scalars(
        select(Publication).where(
            Publication.recording_id == recording_id, Publication.ended_at.is_(None)
        )
    ).all()
    for row in rows:
        row.ended_at = at
    return bool(rows)


def _open_takedowns(recording_id: str, at: datetime) -> list[Takedown]:
    return [
        takedown
        for takedown in db.session.scalars(
            select(Takedown).where(Takedown.recording_id == recording_id)
        )
        if takedown.until_at is None or takedown.until_at > at
    ]
