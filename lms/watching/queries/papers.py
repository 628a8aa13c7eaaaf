"""Reads of what of a handout was handed out, and of the file that is."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from lms.infra.audit.models import AuditEntry
from lms.infra.db import db
from lms.kernel.actor import Actor
from lms.kernel.clock import to_ms
from lms.kernel.errors import NotFoundError
from lms.kernel.intervals import Intervals
from lms.recordings.models import Recording
from lms.rights.queries import decide, viewer_of
from lms.rights.rules import Action, Code, Facts, Request, decide_access, find_cuts
from lms.watching.queries.deciding import Viewing, decide_for, decide_viewing
from lms.watching.queries.films import find_fitting_copy

#: Uses of a paper for which nothing but pictures of single pages leaves the site.
_BY_PAGES = frozenset({Action.PRINT, Action.SCREEN})
_HANDED = ("handout.downloaded", "handout.printed")


@dataclass(frozen=True, slots=True)
class HandedCopy:
    """A copy that was taken away or printed: what, by whom (None: without an account), when."""

    recording: Recording
    person_id: str | None
    at: datetime
    printed: bool
    media_version: int | None
    serial: str


def decide_paper(
    actor: Actor, recording_id: str, action: Action, at: datetime, *,
    country: str | None = None, **request: Any,
) -> Viewing:  # fmt: skip
    """Decide about a use of a paper. Raises NotFoundError for who may not know of it."""
    viewing = decide_for(actor, recording_id, action, at, country=country, **request)
    return _by_pages(viewing, recording_id, action, at, country=country, **request)


def may_use_paper(
    viewing: Viewing, recording_id: str, action: Action, at: datetime, *,
    country: str | None = None, **request: Any,
) -> Viewing:  # fmt: skip
    """Decide about a further use of a paper for who sees it already."""
    found = decide_viewing(
        viewing.viewer, recording_id, action, at, country=country, known=viewing.known, **request
    )
    return _by_pages(found, recording_id, action, at, country=country, **request)


def _by_pages(
    viewing: Viewing, recording_id: str, action: Action, at: datetime, *,
    country: str | None, **request: Any,
) -> Viewing:  # fmt: skip
    """Take the pages that are drawn one by one for the cut copy that R13 asks for.

    Printing and showing in a room give out pictures of just the pages that may be seen, made for
    this viewer: a copy with exactly these cuts, whatever they are. A file is another matter.
    """
    if action not in _BY_PAGES or (viewing.allowed and viewing.action == action):
        return viewing
    here = replace(viewing.viewer, viewer=replace(viewing.viewer.viewer, country=country))
    refused, known = viewing.decision, viewing.known
    if viewing.action != action:
        refused = decide(
            here, recording_id, action, at=at, look_ahead=False, known=known, **request
        )
    if known is None or refused.reasons != (Code.RIGHTS_SEGMENTS,):
        return viewing
    facts = Facts(here.orgs, viewer_of(here, known), known.recording, Request(action, **request))
    cut = replace(known.recording, cut_copy=find_cuts(facts, to_ms(at)))
    decision = decide_access(replace(facts, recording=cut), to_ms(at))
    return Viewing(action, decision, viewing.viewer, known)


def get_source_key(recording: Recording, cuts: Intervals) -> str:
    """Return the key of the file that may be handed out: the paper, or its cut copy.

    Raises NotFoundError while there is no copy with exactly these cuts (pages from 0).
    """
    if not cuts:
        return recording.source_key
    copy = find_fitting_copy(recording, cuts)
    if copy is None:
        raise NotFoundError
    return copy.key


def find_handed_copy(serial: str) -> HandedCopy | None:
    """Return the copy with a serial, or None."""
    if not serial:
        return None
    row = db.session.execute(
        select(AuditEntry, Recording)
        .join(Recording, Recording.id == AuditEntry.subject_id)
        .where(
            AuditEntry.action.in_(_HANDED),
            AuditEntry.details["serial"].as_string() == serial,
        )
    ).first()
    if row is None:
        return None
    entry, recording = row
    return HandedCopy(
        recording, entry.actor_id, entry.at, entry.action == _HANDED[1],
        entry.details.get("media_version"), serial,
    )  # fmt: skip
