"""The week of the rights desk in numbers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, func, select

from lms.courses.models import Edition
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db
from lms.kernel.actor import Actor
from lms.recordings.models import Recording
from lms.rights.models import (
    Agreement,
    ConsentItem,
    ConsentRequest,
    Override,
    PlaySession,
    RefusalLog,
)
from lms.rights.queries.expiry import list_endings
from lms.rights.queries.register import visible_to
from lms.rights.rules import Code

_AHEAD: Final = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Week:
    """What happened to the recordings that somebody looks after.

    `refusals` are (code, how many), most first; `overrides` how often one was used, `waiting`
    how many wait for a second person; `ending` within 60 days; `requests` letters open.
    """

    views: int
    viewers: int
    refusals: tuple[tuple[str, int], ...]
    overrides: int
    waiting: int
    ending: int
    requests: int

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to tell."""
        return not (
            self.views or self.refusals or self.overrides or self.waiting
            or self.ending or self.requests
        )  # fmt: skip


def read_week(actor: Actor, since: datetime, until: datetime) -> Week:
    """Return the numbers of `[since, until)`, and what is open at `until`, in nine queries."""
    mine = (
        select(Recording.id)
        .join(Edition, Edition.id == Recording.edition_id)
        .where(visible_to(actor))
    )
    views, viewers = db.session.execute(
        select(func.count(), func.count(PlaySession.person_id.distinct())).where(
            PlaySession.recording_id.in_(mine),
            PlaySession.first_key_at >= since,
            PlaySession.first_key_at < until,
        )
    ).one()
    refusals: Any = db.session.execute(
        select(RefusalLog.code, func.count())
        .where(RefusalLog.recording_id.in_(mine), RefusalLog.at >= since, RefusalLog.at < until)
        .group_by(RefusalLog.code)
        .order_by(func.count().desc(), RefusalLog.code)
    )
    used = _count(
        AuditEntry.subject_kind == "recording",
        AuditEntry.subject_id.in_(mine),
        AuditEntry.action == "play.started",
        AuditEntry.details["code"].as_string() == Code.ALLOW_OVERRIDE.value,
        AuditEntry.at >= since,
        AuditEntry.at < until,
    )
    waiting = _count(
        Override.recording_id.in_(mine),
        Override.approved_at.is_(None),
        Override.refused_at.is_(None),
        Override.ended_at.is_(None),
        Override.until_at > until,
    )
    letters = (
        select(ConsentItem.request_id)
        .join(Agreement, Agreement.id == ConsentItem.agreement_id)
        .where(Agreement.recording_id.in_(mine))
    )
    requests = _count(ConsentRequest.state == "open", ConsentRequest.id.in_(letters))
    ending = list_endings(actor, until, back=timedelta(), ahead=_AHEAD)
    return Week(
        views=views,
        viewers=viewers,
        refusals=tuple((code, count) for code, count in refusals),
        overrides=used,
        waiting=waiting,
        ending=len(ending),
        requests=requests,
    )


def _count(*conditions: Any) -> int:
    return db.session.scalar(select(func.count()).where(and_(*conditions))) or 0
