"""Adding several sessions in one act: all of them, or none."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.ids import EditionId, LiveSessionId
from lms.kernel.localized import Localized
from lms.sessions.errors import SessionInputError
from lms.sessions.events import LiveSessionsScheduled
from lms.sessions.operations.scheduling import SessionPlan, schedule_live_session
from lms.sessions.rules.planning import MOST_MEETINGS

NUMBER = "{n}"


def plan_series(plan: SessionPlan, days: Sequence[date]) -> tuple[SessionPlan, ...]:
    """Return the plan for each day, in order; `{n}` in a title becomes the number from 1.

    The wall-clock times stay the same on every day, whatever the clocks do in between.
    """
    length = plan.ends_local - plan.starts_local
    starts = (datetime.combine(day, plan.starts_local.time()) for day in sorted(set(days)))
    return tuple(
        replace(
            plan,
            title=_numbered(plan.title, number),
            starts_local=start,
            ends_local=start + length,
        )
        for number, start in enumerate(starts, start=1)
    )


def _numbered(title: Localized, number: int) -> Localized:
    return {tag: text.replace(NUMBER, str(number)) for tag, text in title.items()}


def schedule_series(
    actor: Actor,
    edition_id: str,
    plans: Sequence[SessionPlan],
    *,
    at: datetime,
    most: int = MOST_MEETINGS,
) -> tuple[LiveSessionId, ...]:
    """Add these sessions to an edition. One that does not fit undoes all (SessionInputError).

    Of several, people are told in one mail.
    """
    if not 1 <= len(plans) <= most:
        raise SessionInputError("count", "number_of_sessions", most=most)
    several = len(plans) > 1
    added = tuple(
        schedule_live_session(actor, edition_id, plan, at=at, among_others=several)
        for plan in plans
    )
    if several:
        raise_event(LiveSessionsScheduled(added, EditionId(edition_id), at))
    return added
