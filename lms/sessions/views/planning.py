"""What the pages for one session and for a series share: clashes shown before saving."""

from collections.abc import Sequence
from functools import partial

from flask import request

from lms.infra.web.locale import ui_language
from lms.kernel.actor import Actor
from lms.sessions import policy
from lms.sessions.operations import SessionPlan
from lms.sessions.operations.scheduling import instants_of
from lms.sessions.queries import EditionDesk, SessionRecord
from lms.sessions.queries.clashes import find_clashes
from lms.sessions.rules.clashes import Clash, Meeting, digest, place_keys

__all__ = ["clashes_of", "is_accepted", "meeting_of"]


def meeting_of(plan: SessionPlan | SessionRecord) -> Meeting:
    """Return a plan as clashes see it. Raises SessionInputError where its times do not fit."""
    starts_at, ends_at = instants_of(plan.starts_local, plan.ends_local, plan.timezone)
    host: str | None
    if isinstance(plan, SessionPlan):
        host = plan.host_id
    else:
        host = plan.host.person_id if plan.host is not None else None
    return Meeting(
        starts_at,
        ends_at,
        plan.timezone,
        frozenset(speaker.person_id for speaker in plan.speakers if speaker.person_id),
        host,
        place_keys(plan.venue_name, plan.room),
        frozenset(plan.group_ids),
    )


def clashes_of(
    actor: Actor,
    edition: EditionDesk,
    plans: Sequence[SessionPlan],
    record: SessionRecord | None = None,
) -> tuple[Clash, ...]:
    """Return what stands in the way; of a session that is changed, what is new in the way."""
    without = (record.id,) if record is not None else ()
    find = partial(
        find_clashes,
        edition.edition_id,
        sees=partial(policy.may_organise, actor),
        language=ui_language(),
        without=without,
    )
    found = find([meeting_of(plan) for plan in plans])
    if record is None or not found:
        return found
    before = find([meeting_of(record)])
    return tuple(clash for clash in found if clash not in before)


def is_accepted(clashes: Sequence[Clash]) -> bool:
    """Whether there is nothing to tell, or "save anyway" was pressed below just this."""
    return not clashes or request.form.get("anyway") == digest(clashes)
