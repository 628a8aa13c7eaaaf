"""What ends when: agreements and publications, as the facts that the decision reads have it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import lazyload

from lms.courses.models import Edition, Programme
from lms.infra.db import db
from lms.kernel.actor import Actor
from lms.kernel.clock import day_in, from_ms, to_ms
from lms.recordings.models import Recording, Stage
from lms.rights.models import Agreement, Rightsholder, RightsReminder
from lms.rights.queries.deciding import find_known
from lms.rights.queries.register import visible_to
from lms.rights.rules import Recording as KnownRecording
from lms.rights.rules import agreement_in_force
from lms.rights.rules.facts import END, Lineage
from lms.rights.rules.facts import Agreement as KnownAgreement

STEPS: Final = (60, 30, 14, 7, 1)
"""Days before an end at which the rights desk is told."""
VIEWERS_STEP: Final = 7
RENEWAL_STEP: Final = 30
"""From so many days before the end of an agreement its rightsholder is asked to renew it."""
LOOK_BACK: Final = timedelta(days=31)
LOOK_AHEAD: Final = timedelta(days=400)
_GONE: Final = (Stage.DELETED.value, Stage.DESTROYED.value)


class EndKind(StrEnum):
    """What ends."""

    RIGHTS = "rights"
    PUBLICATION = "publication"


@dataclass(frozen=True, slots=True)
class Ending:
    """Something that ends. `last_on` is its last day in Japan; `days_left` 0 on that day.

    `subject_id` is the agreement's, or the recording's for a publication. `is_asked`: a renewal
    was proposed already. `agreement` and `holder` are None for a publication.
    """

    kind: EndKind
    subject_id: str
    recording: Recording
    programme: Programme
    edition: Edition
    last_on: date
    days_left: int
    agreement: Agreement | None = None
    holder: Rightsholder | None = None
    is_asked: bool = False

    @property
    def step(self) -> int | None:
        """Return the step of reminding that has been reached: the nearest; None when none is."""
        return step_of(self.days_left)


def step_of(days_left: int) -> int | None:
    """Return the smallest step not below the days left; None before the first, or when over."""
    if days_left < 0:
        return None
    return min((step for step in STEPS if days_left <= step), default=None)


def list_endings(
    actor: Actor, at: datetime, *, back: timedelta = LOOK_BACK, ahead: timedelta = LOOK_AHEAD
) -> list[Ending]:
    """Return what ended lately or will end, soonest first, in three queries.

    An agreement that a longer one of its lineage follows does not end; what was withdrawn or
    refused, and what is destroyed or deleted, ends no more.
    """
    homes = {
        row[0].id: row
        for row in db.session.execute(
            select(Recording, Programme, Edition)
            .join(Edition, Edition.id == Recording.edition_id)
            .join(Programme, Programme.id == Edition.programme_id)
            .where(visible_to(actor), Recording.stage.not_in(_GONE))
        )
    }
    known = {key: one.recording for key, one in find_known(homes).items()}
    span = (to_ms(at - back), to_ms(at + ahead))
    found: list[tuple[str, int, KnownAgreement | None, bool]] = []
    for key, facts in known.items():
        found += _of_rights(key, facts, to_ms(at), span)
        found += _of_publications(key, facts, span)
    agreements = _agreements({one.id for _key, _closes, one, _asked in found if one is not None})
    endings = []
    for key, closes, one, asked in found:
        last_on = day_in(from_ms(closes - 1))
        agreement, holder = agreements.get(one.id, (None, None)) if one else (None, None)
        endings.append(
            Ending(
                kind=EndKind.PUBLICATION if one is None else EndKind.RIGHTS,
                subject_id=key if one is None else one.id,
                recording=homes[key][0],
                programme=homes[key][1],
                edition=homes[key][2],
                last_on=last_on,
                days_left=(last_on - day_in(at)).days,
                agreement=agreement,
                holder=holder,
                is_asked=asked,
            )
        )
    return sorted(endings, key=lambda one: (one.last_on, one.kind, one.subject_id))


def _of_rights(
    key: str, facts: KnownRecording, now: int, span: tuple[int, int]
) -> Iterable[tuple[str, int, KnownAgreement | None, bool]]:
    for lineage in facts.lineages.values():
        last = _last_in_force(lineage, now)
        if last is None:
            continue
        closes = _closes(last)
        if span[0] < closes <= span[1]:
            asked = any(one.status == "requested" for one in lineage.agreements)
            yield key, closes, last, asked


def _last_in_force(lineage: Lineage, now: int) -> KnownAgreement | None:
    """Return the agreement in force that lasts longest."""
    in_force = [
        one for one in lineage.agreements if one.grants and agreement_in_force(lineage, one, now)
    ]
    return max(in_force, key=lambda one: (_closes(one), one.id), default=None)


def _closes(agreement: KnownAgreement) -> int:
    return max(grant.closes for grant in agreement.grants)


def _of_publications(
    key: str, facts: KnownRecording, span: tuple[int, int]
) -> Iterable[tuple[str, int, KnownAgreement | None, bool]]:
    if facts.stage != "published" or not facts.publications:
        return
    closes = max(one.closes for one in facts.publications)
    if span[0] < closes <= span[1]:
        yield key, closes, None, False


def _agreements(ids: Iterable[str]) -> dict[str, tuple[Agreement, Rightsholder | None]]:
    rows = db.session.execute(
        select(Agreement, Rightsholder)
        .options(lazyload(Agreement.terms), lazyload(Agreement.withdrawals))
        .outerjoin(Rightsholder, Rightsholder.id == Agreement.rightsholder_id)
        .where(Agreement.id.in_(list(ids)))
    )
    return {agreement.id: (agreement, holder) for agreement, holder in rows}


def last_day_for_viewers(recording_id: str, at: datetime) -> date | None:
    """Return the last day on which what is published can be seen at all, None without an end."""
    known = find_known([recording_id]).get(recording_id)
    if known is None or known.recording.stage != "published":
        return None
    facts, now = known.recording, to_ms(at)
    ends = [closes for _key, closes, _one, _asked in _of_publications("", facts, (now, END - 1))]
    for lineage in facts.whole:
        last = _last_in_force(lineage, now)
        if last is not None and _closes(last) < END:
            ends.append(_closes(last))
    return day_in(from_ms(min(ends) - 1)) if ends else None


def sent_reminders(endings: Sequence[Ending]) -> set[tuple[str, str, int, date]]:
    """Return (subject, kind, step, day) of the reminders that went out for some endings."""
    ids = {one.subject_id for one in endings} | {one.recording.id for one in endings}
    rows: Any = db.session.execute(
        select(
            RightsReminder.subject_id,
            RightsReminder.kind,
            RightsReminder.days,
            RightsReminder.due_on,
        ).where(RightsReminder.subject_id.in_(ids))
    )
    return {tuple(row) for row in rows}


def was_reminded(subject_id: str, kind: str, days: int, due_on: date) -> bool:
    """Whether a reminder went out."""
    return (
        db.session.scalar(
            select(RightsReminder.id).where(
                RightsReminder.subject_id == subject_id,
                RightsReminder.kind == kind,
                RightsReminder.days == days,
                RightsReminder.due_on == due_on,
            )
        )
        is not None
    )
