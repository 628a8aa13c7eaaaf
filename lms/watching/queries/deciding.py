"""The decision on what somebody wants to see on this site."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select

from lms.courses.models import Edition, Part, Programme
from lms.infra.db import db
from lms.kernel.actor import Actor, Role
from lms.kernel.errors import NotFoundError
from lms.kernel.intervals import Intervals, contains, normalise
from lms.recordings.models import Caption, Chapter, MediaKind, Recording, Stage
from lms.recordings.rules import poster_position
from lms.rights.models import Segment, Takedown
from lms.rights.queries import (
    Known,
    ViewerFacts,
    decide,
    find_known,
    may_know,
    viewer_facts,
)
from lms.rights.queries.evidence import is_opened
from lms.rights.rules import Action, Code, Decision
from lms.watching.models import Watch

#: Answers that a statement of the country could change.
_ASKS_COUNTRY = frozenset({Code.RIGHTS_TERRITORY_UNKNOWN, Code.PUB_TERRITORY_UNKNOWN})

#: Refusals under which nothing of a film is shown, not even its cover.
_NO_COVER = frozenset(
    {
        Code.TAKEDOWN, Code.RIGHTS_WITHDRAWN, Code.RIGHTS_PROHIBITED, Code.RIGHTS_MISSING,
        Code.RIGHTS_REFUSED, Code.RIGHTS_UNSIGNED, Code.RIGHTS_EXPIRED,
        Code.NO_RECORDING_CONSENT,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Viewing:
    """What somebody may do with a recording or handout, and as what: play, display or preview."""

    action: str
    decision: Decision
    viewer: ViewerFacts
    known: Known | None = None

    @property
    def allowed(self) -> bool:
        """Whether it may be shown."""
        return self.decision.allowed

    @property
    def left_out(self) -> Intervals:
        """What of the uncut recording is not shown, in ms (pages of a paper, from 0).

        A muted passage is left out too: with the sound goes what the speaker shows of it, and
        no rendition is made for one viewer's rights alone.
        """
        obligations = self.decision.obligations
        return normalise((*obligations.hide, *obligations.mute))

    @property
    def asks_country(self) -> bool:
        """Whether the viewer must say first which country they are in."""
        return self.decision.code in _ASKS_COUNTRY


@dataclass(frozen=True, slots=True)
class Shown:
    """A recording with the course it belongs to and what this person has watched of it."""

    recording: Recording
    programme: Programme
    edition: Edition
    part: Part | None
    watch: Watch | None
    has_captions: bool
    has_chapters: bool


def get_shown(recording_id: str, person_id: str | None) -> Shown:
    """Return what the page of a recording shows, in one query. Raises NotFoundError."""
    row = db.session.execute(
        select(
            Recording,
            Programme,
            Edition,
            Part,
            Watch,
            select(Caption.id).where(Caption.recording_id == Recording.id).exists(),
            select(Chapter.id).where(Chapter.recording_id == Recording.id).exists(),
        )
        .join(Edition, Edition.id == Recording.edition_id)
        .join(Programme, Programme.id == Edition.programme_id)
        .outerjoin(Part, Part.id == Recording.part_id)
        .outerjoin(
            Watch,
            and_(
                Watch.person_id == (person_id or ""),
                Watch.recording_id == Recording.id,
                Watch.media_version == Recording.media_version,
            ),
        )
        .where(Recording.id == recording_id, Recording.stage != Stage.DELETED)
    ).first()
    if row is None:
        raise NotFoundError
    return Shown(*row)


def view_action(recording: Recording) -> Action:
    """Return what seeing it here is called: a film is played, a handout displayed."""
    return Action.DISPLAY if recording.kind == MediaKind.PAPER else Action.PLAY


def decide_viewing(
    viewer: ViewerFacts, recording_id: str, action: str, at: datetime, *,
    country: str | None = None, known: Known | None = None, **request: Any,
) -> Viewing:  # fmt: skip
    """Decide about seeing it here; who looks after it may see it as a preview instead.

    A rights officer who opened it as evidence sees it as that, whatever stands against it.

    Only the `country` that was stated for this play counts, never the one of the account:
    it is confirmed each time. `known` is that of an earlier viewing for the same page.
    """
    known = known or find_known([recording_id]).get(recording_id)
    here = replace(viewer, viewer=replace(viewer.viewer, country=country))
    decision = decide(here, recording_id, action, at=at, known=known, **request)
    if decision.allowed or not _may_preview(viewer.actor):
        return Viewing(action, decision, viewer, known)
    preview = decide(here, recording_id, Action.PREVIEW, at=at, known=known)
    if preview.allowed:
        return Viewing(Action.PREVIEW, preview, viewer, known)
    if viewer.actor.has(Role.RIGHTS_OFFICER) and is_opened(
        viewer.actor.person_id, recording_id, at
    ):
        evidence = decide(here, recording_id, Action.EVIDENCE_REVIEW, at=at, known=known)
        if evidence.allowed:
            return Viewing(Action.EVIDENCE_REVIEW, evidence, viewer, known)
    return Viewing(action, decision, viewer, known)


def decide_for(
    actor: Actor, recording_id: str, action: str, at: datetime, *,
    country: str | None = None, **request: Any,
) -> Viewing:  # fmt: skip
    """Decide about seeing it here, and answer as for nothing to who may not know of it.

    Raises NotFoundError.
    """
    viewer = viewer_facts(actor, at)
    viewing = decide_viewing(viewer, recording_id, action, at, country=country, **request)
    if not may_know(viewer, recording_id, viewing.decision):
        raise NotFoundError
    return viewing


def may_show_cover(recording: Recording, viewing: Viewing) -> bool:
    """Whether the picture taken from a film may stand for it in lists: it is a piece of the film.

    Who may not watch it (yet) sees it while the rights hold, unless it lies in a passage that
    somebody else has a right to, or that was taken down.
    """
    moment = poster_position(recording.duration_ms)
    if viewing.allowed:
        return not contains(viewing.left_out, moment)
    if viewing.decision.code in _NO_COVER:
        return False
    taken_down = select(Takedown.id).where(
        Takedown.segment_id == Segment.id, Takedown.until_at.is_(None)
    )
    covered = select(Segment.id).where(
        Segment.recording_id == recording.id,
        Segment.a <= moment,
        Segment.b > moment,
        or_(Segment.disposition.in_(("needs_agreement", "unresolved")), taken_down.exists()),
    )
    return db.session.scalar(covered.limit(1)) is None


def _may_preview(actor: Actor) -> bool:
    return actor.is_staff or actor.has(Role.RIGHTS_OFFICER)
