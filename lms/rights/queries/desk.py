"""Reads of the rights desk: one recording with all its agreements, and the simulator."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import lazyload

from lms.courses.models import Edition, Programme
from lms.courses.queries import Entry, get_entry
from lms.infra.db import db
from lms.kernel.clock import day_in, to_ms
from lms.people.queries import is_id, organisation_tree_facts
from lms.recordings.models import MediaKind, Stage
from lms.recordings.models import Recording as RecordingRow
from lms.rights.models import Agreement, RefusalLog, Takedown, Withdrawal
from lms.rights.queries.deciding import find_known
from lms.rights.queries.takedowns import is_whole, open_takedowns
from lms.rights.rules import (
    Decision,
    Facts,
    Reach,
    Recording,
    Request,
    Scope,
    Viewer,
    decide_access,
    find_gaps,
    org_tree_from_json,
    sum_up_rights,
    sum_up_terms,
)
from lms.rights.rules.codes import Code
from lms.rights.rules.contradictions import Clash, find_clashes
from lms.rights.rules.facts import Agreement as RuleAgreement
from lms.rights.rules.facts import Audience, Enrolment, EnrolmentStatus, Terms
from lms.rights.rules.facts import Stage as RuleStage
from lms.rights.rules.segments import is_settled
from lms.rights.rules.standing import Standing, judge_standing

SIMULATED = "simulated"
_DAY_MS = 24 * 3600 * 1000
# Terms and withdrawals are read from the frozen facts.
_BARE = (lazyload(Agreement.terms), lazyload(Agreement.withdrawals))


@dataclass(frozen=True, slots=True)
class AgreementLine:
    """One agreement in the register; `scope` is None where nothing is granted."""

    agreement: Agreement
    standing: Standing
    scope: Scope | None
    prohibitions: tuple[Terms, ...] = ()
    max_views: int | None = None
    can_be_withdrawn: bool = False
    days_left: int | None = None
    withdrawals: tuple[Withdrawal, ...] = ()

    @property
    def signed_on(self) -> date | None:
        """Return the day in Japan on which it was signed."""
        moment = self.agreement.signed_at
        return None if moment is None else day_in(moment)


@dataclass(frozen=True, slots=True)
class RightsDesk:
    """Everything the page on which staff publish shows.

    `rights` is what all rightsholders allow from now on, None while one allows nothing;
    `gaps` why nobody could be allowed even if all were published; `published` the scope of
    what is published now. `takedown` is that of the whole, `stopped` those of a part or of some
    uses; `clashes` what contradicts itself; `open_segments` how many of its `segments` neither
    are exempt nor are gone from the file.
    """

    entry: Entry
    recording: RecordingRow
    lines: tuple[AgreementLine, ...]
    rights: Scope | None
    gaps: tuple[Code, ...]
    published: Scope | None
    takedown: Takedown | None
    stopped: tuple[Takedown, ...]
    refusals: tuple[tuple[str, int], ...]
    clashes: tuple[Clash, ...]
    open_segments: int
    segments: int

    @property
    def exceeds(self) -> bool:
        """Whether the publication goes beyond the rights."""
        return self.published is not None and (
            self.rights is None or not self.rights.covers(self.published)
        )


@dataclass(frozen=True, slots=True)
class Consent:
    """One's own agreement, for /my/consents."""

    line: AgreementLine
    recording: RecordingRow
    programme: Programme
    edition: Edition


@dataclass(frozen=True, slots=True)
class Supposed:
    """Who is supposed to ask in the simulator. `organisation_id` None: without a membership."""

    organisation_id: str | None
    at: datetime
    action: str = "play"
    country: str | None = None
    enrolled: bool = False
    signed_in: bool = True


# What has to be possible before it makes sense to publish: a film is played, a paper is read,
# printed, shown in a room or taken away.
_USES = {
    MediaKind.VIDEO: None,
    MediaKind.AUDIO: None,
    MediaKind.LINK: None,
    MediaKind.PAPER: frozenset({"display", "download", "print", "screen"}),
}


def read_rights_desk(recording: RecordingRow, at: datetime) -> RightsDesk:
    """Return a recording with its rights as they stand at `at`."""
    known = find_known([recording.id])[recording.id].recording
    orgs = org_tree_from_json(organisation_tree_facts())
    now = to_ms(at)
    everyone = Terms(
        "all", actions=_USES[MediaKind(recording.kind)], audience=Audience(Reach.OUTSIDE)
    )
    open_to_all = replace(known, publications=(everyone,))
    takedowns = open_takedowns(recording.id, at)
    # Flags on pages are parts for the decision too, but nobody has to clear them.
    marked = [one for one in known.segments if is_id(one.id)]
    agreements = _agreements(recording.id)
    return RightsDesk(
        entry=get_entry(recording.edition_id),
        recording=recording,
        lines=_lines(known, agreements, now, _withdrawals(agreements)),
        rights=sum_up_rights(known, now),
        gaps=find_gaps(open_to_all, orgs, recording.edition_id, now),
        published=_published(recording, known),
        takedown=next((one for one in reversed(takedowns) if is_whole(one)), None),
        stopped=tuple(one for one in takedowns if not is_whole(one)),
        refusals=_refusals(recording.id),
        clashes=find_clashes(known, now),
        open_segments=sum(not is_settled(one.disposition) for one in marked),
        segments=len(marked),
    )


def find_agreement(agreement_id: str) -> Agreement | None:
    """Return an agreement, or None."""
    return db.session.get(Agreement, agreement_id) if is_id(agreement_id) else None


def list_consents(person_id: str, at: datetime) -> list[Consent]:
    """Return a rightsholder's own agreements with what they are for, newest first."""
    rows = db.session.execute(
        select(Agreement, RecordingRow, Programme, Edition)
        .options(*_BARE)
        .join(RecordingRow, RecordingRow.id == Agreement.recording_id)
        .join(Edition, Edition.id == RecordingRow.edition_id)
        .join(Programme, Programme.id == Edition.programme_id)
        .where(Agreement.holder_person_id == person_id, RecordingRow.stage != Stage.DELETED)
        .order_by(Agreement.created_at.desc(), Agreement.id.desc())
    ).all()
    known = find_known([recording.id for _a, recording, _p, _e in rows])
    consents: list[Consent] = []
    for agreement, recording, programme, edition in rows:
        lines = _lines(known[recording.id].recording, [agreement], to_ms(at))
        consents.extend(Consent(line, recording, programme, edition) for line in lines)
    return consents


def supposed_facts(recording_id: str, supposed: Supposed) -> Facts:
    """Return the facts of the simulator: one recording, somebody supposed."""
    known = find_known([recording_id])[recording_id]
    orgs = org_tree_from_json(organisation_tree_facts())
    viewer = Viewer(id=None, country=supposed.country)
    home = supposed.organisation_id or ""
    if supposed.signed_in:
        viewer = Viewer(
            id=SIMULATED,
            memberships=() if home not in orgs.units else (orgs.membership(home),),
            enrolments=(Enrolment(known.edition_id, EnrolmentStatus.CONFIRMED),)
            if supposed.enrolled
            else (),
            country=supposed.country,
        )
    return Facts(orgs, viewer, known.recording, Request(supposed.action))


def simulate(recording_id: str, supposed: Supposed) -> Decision:
    """Decide for somebody supposed, with the function that guards the pages."""
    return decide_access(supposed_facts(recording_id, supposed), to_ms(supposed.at))


def list_blockers(recording_id: str, supposed: Supposed) -> tuple[str, ...]:
    """Return the rightsholders whose agreement, alone, refuses somebody supposed."""
    facts = supposed_facts(recording_id, supposed)
    names = {row.id: row.holder_name for row in _agreements(recording_id)}
    found = []
    for lineage in facts.recording.whole:
        alone = replace(
            facts.recording,
            stage=RuleStage.PUBLISHED,
            agreements=lineage.agreements,
            takedowns=(),
            publications=(Terms("all", audience=Audience(Reach.OUTSIDE)),),
            required_kinds=frozenset(),
        )
        decision = decide_access(
            replace(facts, recording=alone), to_ms(supposed.at), look_ahead=False
        )
        if not decision.allowed:
            found.append(names[lineage.agreements[-1].id])
    return tuple(found)


def _agreements(recording_id: str) -> list[Agreement]:
    return list(
        db.session.scalars(
            select(Agreement)
            .options(*_BARE)
            .where(Agreement.recording_id == recording_id)
            .order_by(Agreement.created_at, Agreement.id)
        )
    )


def _withdrawals(agreements: list[Agreement]) -> dict[str, list[Withdrawal]]:
    """Return the withdrawals by agreement with their reasons, which the facts leave out."""
    found: dict[str, list[Withdrawal]] = {}
    if agreements:
        for row in db.session.scalars(
            select(Withdrawal)
            .where(Withdrawal.agreement_id.in_([one.id for one in agreements]))
            .order_by(Withdrawal.at, Withdrawal.id)
        ):
            found.setdefault(row.agreement_id, []).append(row)
    return found


def _lines(
    known: Recording,
    rows: list[Agreement],
    now: int,
    withdrawals: Mapping[str, list[Withdrawal]] | None = None,
) -> tuple[AgreementLine, ...]:
    facts = {one.id: one for one in known.agreements}
    lines = []
    for row in rows:
        own = facts.get(row.id)
        if own is None:
            continue
        standing = judge_standing(known.lineages[own.lineage], own, now)
        views = [grant.max_views for grant in own.grants if grant.max_views is not None]
        lines.append(
            AgreementLine(
                agreement=row,
                standing=standing,
                scope=sum_up_terms(own.grants) if own.grants else None,
                prohibitions=own.prohibitions,
                max_views=max(views, default=None),
                days_left=_days_left(own, now) if standing is Standing.ENDING else None,
                withdrawals=tuple((withdrawals or {}).get(row.id, ())),
                can_be_withdrawn=standing not in (Standing.WITHDRAWN, Standing.REFUSED)
                and all(w.actions is not None for w in own.withdrawals),
            )
        )
    return tuple(lines)


def _days_left(agreement: RuleAgreement, now: int) -> int:
    return (max(grant.closes for grant in agreement.grants) - now) // _DAY_MS


def _published(recording: RecordingRow, known: Recording) -> Scope | None:
    if recording.stage != Stage.PUBLISHED or not known.publications:
        return None
    return sum_up_terms(known.publications)


def _refusals(recording_id: str) -> tuple[tuple[str, int], ...]:
    rows: Any = db.session.execute(
        select(RefusalLog.code, func.count())
        .where(RefusalLog.recording_id == recording_id)
        .group_by(RefusalLog.code)
        .order_by(func.count().desc(), RefusalLog.code)
    )
    return tuple((code, count) for code, count in rows)


__all__ = [
    "AgreementLine",
    "Consent",
    "RightsDesk",
    "Supposed",
    "find_agreement",
    "list_blockers",
    "list_consents",
    "read_rights_desk",
    "simulate",
    "supposed_facts",
]
