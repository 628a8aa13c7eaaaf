"""Taking reports of meetings in: kept to be shown, applied once, told apart by hand."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.kernel.actor import SYSTEM, Actor
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import EditionId, LiveSessionId, PersonId, new_id
from lms.kernel.intervals import normalise
from lms.sessions import policy, queries
from lms.sessions.errors import ReportRefusedError, SessionInputError
from lms.sessions.events import AttendanceReconciled
from lms.sessions.models import (
    AttendanceAlias,
    AttendanceReport,
    EditionAttendanceRule,
    LiveSession,
    MatchedBy,
    MatchState,
    ReportedPerson,
    ReportMapping,
    ReportRow,
)
from lms.sessions.queries.evidence import read_stays, write_stays
from lms.sessions.queries.reports import (
    attendance_rule_of,
    find_mapping,
    find_report,
    find_report_by_checksum,
    is_listed,
    known_people,
    meeting_numbers,
)
from lms.sessions.rules import MAX_MINUTES
from lms.sessions.rules import reports as reading
from lms.sessions.rules.attendance_status import UNKNOWN, AttendanceRule
from lms.sessions.rules.reconciling import (
    CONFIRMABLE,
    Fit,
    KnownPeople,
    identity_of,
    judge_fit,
    match_reported,
    row_keys,
    stays_of,
)

_SHOWN_FOR = timedelta(days=7)
_BATCH = 500


@contextmanager
def reconciling(
    edition_id: EditionId,
    live_session_ids: Sequence[LiveSessionId],
    at: datetime,
    *,
    by_rule: bool = False,
) -> Iterator[None]:
    """Tell for whom another status counts after what is done inside."""
    before = queries.attendance_by_session(live_session_ids)
    yield
    db.session.flush()
    after = queries.attendance_by_session(live_session_ids)
    for session_id in live_session_ids:
        one, other = before[session_id], after[session_id]
        changed = sorted(
            person_id
            for person_id in one.keys() | other.keys()
            if _counted(one.get(person_id, UNKNOWN)) != _counted(other.get(person_id, UNKNOWN))
        )
        for start in range(0, len(changed), _BATCH):
            raise_event(
                AttendanceReconciled(
                    session_id,
                    edition_id,
                    tuple(changed[start : start + _BATCH]),
                    at,
                    by_rule=by_rule,
                )
            )


def _counted(decision: Any) -> tuple[str | None, str | None]:
    return decision.status, decision.way


# --- files ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SentReport:
    """A file as it was sent and how it is to be read. `mapping` is by column, {} for none.

    `service` and `meeting_id` are what reading it found, '' while it is not understood.
    """

    file_name: str
    content: bytes
    zone: str
    date_order: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    service: str = ""
    meeting_id: str = ""

    @property
    def checksum(self) -> str:
        """The SHA-256 of the bytes, in hex."""
        return hashlib.sha256(self.content).hexdigest()


def keep_report(
    actor: Actor, live_session_id: str, sent: SentReport, *, at: datetime
) -> AttendanceReport:
    """Keep a file to be shown; nothing counts by it yet.

    The same bytes are the same file: one that was applied is given back as it is. Files that
    were only shown a week ago are forgotten.
    """
    policy.require_organiser_of_session(actor, live_session_id)
    lock_row(LiveSession, live_session_id)
    db.session.execute(
        delete(AttendanceReport).where(
            AttendanceReport.live_session_id == live_session_id,
            AttendanceReport.applied_at.is_(None),
            AttendanceReport.uploaded_at < at - _SHOWN_FOR,
        )
    )
    row = find_report_by_checksum(live_session_id, sent.checksum)
    if row is not None and row.applied_at is not None:
        return row
    if row is None:
        row = AttendanceReport(live_session_id=live_session_id, checksum=sent.checksum)
        db.session.add(row)
    row.content, row.file_name = sent.content, sent.file_name[:255]
    row.zone, row.date_order, row.mapping = sent.zone, sent.date_order, dict(sent.mapping)
    row.service, row.meeting_id = sent.service[:40], sent.meeting_id[:200]
    row.uploaded_by, row.uploaded_at = actor.person_id, at
    db.session.flush()
    return row


def drop_report(actor: Actor, live_session_id: str, report_id: str) -> None:
    """Forget a file that was only shown. Raises ReportRefusedError for one that was applied."""
    policy.require_organiser_of_session(actor, live_session_id)
    lock_row(LiveSession, live_session_id)
    row = find_report(live_session_id, report_id)
    if row is None:
        raise NotFoundError
    if row.applied_at is not None:
        raise ReportRefusedError("report_applied")
    db.session.delete(row)


def remember_mapping(
    actor: Actor, signature: str, mapping: Mapping[str, str], date_order: str, *, at: datetime
) -> None:
    """Remember how the columns under these headings were told apart, for the next such file."""
    row = find_mapping(signature)
    if row is None:
        row = ReportMapping(signature=signature)
        db.session.add(row)
    row.mapping, row.date_order = dict(mapping), date_order
    row.made_by, row.made_at = actor.person_id, at


@dataclass(frozen=True, slots=True)
class Applied:
    """What a report brought: lines that were new, people in it, and how many now wait."""

    new_rows: int
    known_rows: int
    people: int
    matched: int
    waiting: int


def fit_of(live_session_id: str, report: reading.AttendanceReport) -> Fit:
    """Tell whether a report is of a session, in two queries."""
    card = queries.get_live_session(live_session_id)
    return judge_fit(report, card.starts_at, card.ends_at, meeting_numbers(live_session_id))


def apply_report(
    actor: Actor,
    live_session_id: str,
    report_id: str,
    report: reading.AttendanceReport,
    *,
    is_confirmed: bool = False,
    at: datetime,
) -> Applied:
    """Let a file that was shown count: `report` is what reading it (outside) gave.

    Lines that are here already change nothing. Raises ReportRefusedError when the report is of
    another time, or does not fit and was not confirmed; then nothing is written.
    """
    policy.require_organiser_of_session(actor, live_session_id)
    lock_row(LiveSession, live_session_id)
    row = find_report(live_session_id, report_id)
    if row is None:
        raise ReportRefusedError("report_gone")
    if row.applied_at is not None:
        raise ReportRefusedError("report_applied")
    _require_fit(live_session_id, report, is_confirmed=is_confirmed)
    return _apply(actor, row, report, at)


def take_fetched_report(
    live_session_id: str,
    report: reading.AttendanceReport,
    *,
    checksum: str,
    name: str,
    at: datetime,
) -> Applied | None:
    """Let a report count that the meeting's service gave for this very meeting.

    `checksum` (64 hex digits) tells one answer from another: the same again changes nothing and
    gives None. Raises ReportRefusedError when it is of another time.
    """
    lock_row(LiveSession, live_session_id)
    if find_report_by_checksum(live_session_id, checksum) is not None:
        return None
    _require_fit(live_session_id, report, is_confirmed=True)
    row = AttendanceReport(
        live_session_id=live_session_id, checksum=checksum, file_name=name[:255], zone="UTC",
        mapping={}, uploaded_at=at,
    )  # fmt: skip
    return _apply(SYSTEM, row, report, at)


def _require_fit(
    live_session_id: str, report: reading.AttendanceReport, *, is_confirmed: bool
) -> None:
    if not report.people:
        raise ReportRefusedError("report_nobody")
    fit = fit_of(live_session_id, report)
    if fit is Fit.FITS or (is_confirmed and fit in CONFIRMABLE):
        return
    raise ReportRefusedError(f"report_{fit.value}")


def _apply(
    actor: Actor, row: AttendanceReport, report: reading.AttendanceReport, at: datetime
) -> Applied:
    card = queries.get_live_session(row.live_session_id)
    row.service, row.meeting_id = report.service[:40], report.meeting.id[:200]
    with reconciling(card.edition_id, [card.id], at):
        row.content, row.applied_at, row.applied_by = None, at, actor.person_id
        db.session.add(row)
        db.session.flush()
        ids = _write_people(card.id, card.edition_id, report, at)
        new_rows = _write_rows(row, report, ids)
        states = _states(card.id)
    record_act(
        actor,
        "attendance.report_applied",
        "live_session",
        card.id,
        at=at,
        report_id=row.id,
        service=report.service,
        new_rows=new_rows,
        people=len(report.people),
    )
    return Applied(
        new_rows=new_rows,
        known_rows=len(report.rows) - new_rows,
        people=len(report.people),
        matched=states.count(MatchState.MATCHED.value),
        waiting=states.count(MatchState.WAITING.value),
    )


def _states(live_session_id: str) -> list[str]:
    return list(
        db.session.scalars(
            select(ReportedPerson.state).where(ReportedPerson.live_session_id == live_session_id)
        )
    )


def _write_people(
    live_session_id: LiveSessionId,
    edition_id: EditionId,
    report: reading.AttendanceReport,
    at: datetime,
) -> dict[int, str]:
    """Write who stands in a report; return whose each line is, by its number."""
    columns = ReportedPerson
    known: dict[str, Any] = {
        one.identity: one
        for one in db.session.execute(
            select(
                columns.id, columns.identity, columns.stays, columns.minutes, columns.state,
                columns.email, columns.registrant_id,
            ).where(columns.live_session_id == live_session_id)
        )
    }  # fmt: skip
    certain = known_people(live_session_id, edition_id)
    made: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    whose: dict[int, str] = {}
    for person in report.people:
        identity = identity_of(person.name, person.email, person.registrant_id)
        before = known.pop(identity, None)
        values = _person_values(person, before, certain, at)
        key = before.id if before is not None else new_id()
        whose.update(dict.fromkeys(person.rows, key))
        if before is None:
            made.append(
                {"id": key, "live_session_id": live_session_id, "identity": identity, **values}
            )
        else:
            changed.append({"id": key, **values})
    # Who waited since an earlier file may be known by now.
    for one in known.values():
        match = match_reported(one.email, one.registrant_id, certain)
        if one.state == MatchState.WAITING.value and match is not None:
            changed.append({"id": one.id, **_matched(match, at)})
    if made:
        db.session.execute(insert(ReportedPerson), made)
    for values in changed:
        key = values.pop("id")
        db.session.execute(update(ReportedPerson).where(ReportedPerson.id == key).values(values))
    return whose


def _person_values(
    person: reading.ReportPerson, before: Any | None, certain: KnownPeople, at: datetime
) -> dict[str, Any]:
    """Return what is written of a reported person: the union of what all files say."""
    stays = stays_of(person)
    minutes = 0 if stays else person.minutes
    if before is not None:
        stays = normalise([*read_stays(before.stays), *stays])
        minutes = 0 if stays else max(before.minutes, minutes)
    values: dict[str, Any] = {"stays": write_stays(stays), "minutes": minutes}
    if before is None:
        values |= {
            "name": person.name,
            "email": person.email[:320],
            "registrant_id": person.registrant_id[:200],
            "state": MatchState.WAITING.value,
            "person_id": None,
            "matched_by": "",
            "decided_at": None,
        }
    if before is None or before.state == MatchState.WAITING.value:
        match = match_reported(person.email, person.registrant_id, certain)
        if match is not None:
            values |= _matched(match, at)
    return values


def _matched(match: tuple[PersonId, str], at: datetime) -> dict[str, Any]:
    person_id, by = match
    return {
        "state": MatchState.MATCHED.value,
        "person_id": person_id,
        "matched_by": MatchedBy(by).value,
        "decided_at": at,
    }


def _write_rows(
    row: AttendanceReport, report: reading.AttendanceReport, whose: Mapping[int, str]
) -> int:
    """Keep the lines that are not here yet; return how many."""
    known = set(
        db.session.scalars(
            select(ReportRow.row_key).where(ReportRow.live_session_id == row.live_session_id)
        )
    )
    keys = row_keys(report.rows)
    lines = [
        {
            "id": new_id(),
            "live_session_id": row.live_session_id,
            "report_id": row.id,
            "reported_id": whose.get(line.number),
            "row_key": keys[line.number],
            "number": line.number,
            "name": line.name,
            "email": line.email,
            "registrant_id": line.registrant_id,
            "starts_at": line.starts_at,
            "ends_at": line.ends_at,
            "minutes": line.minutes,
            "cells": list(line.cells),
        }
        for line in report.rows
        if keys[line.number] not in known
    ]
    if lines:
        db.session.execute(insert(ReportRow), lines)
    return len(lines)


def discard_reports(actor: Actor, live_session_id: str, *, at: datetime) -> int:
    """Take all reports of a session away, with who was told apart in them; return how many.

    For a file that was applied to the wrong session: the right ones are sent again. What was
    accepted for addresses of the edition stays.
    """
    edition = policy.require_organiser_of_session(actor, live_session_id)
    lock_row(LiveSession, live_session_id)
    with reconciling(edition.edition_id, [LiveSessionId(live_session_id)], at):
        for table in (ReportRow, ReportedPerson):
            db.session.execute(delete(table).where(table.live_session_id == live_session_id))
        gone = db.session.execute(
            delete(AttendanceReport).where(AttendanceReport.live_session_id == live_session_id)
        )
        count: int = gone.rowcount  # type: ignore[attr-defined] # of every DELETE
    if count:
        record_act(
            actor, "attendance.reports_discarded", "live_session", live_session_id, at=at,
            reports=count,
        )  # fmt: skip
    return count


# --- who is who, by hand ----------------------------------------------------------------------


def accept_match(
    actor: Actor,
    live_session_id: str,
    reported_id: str,
    person_id: str,
    *,
    remember: bool = False,
    at: datetime,
) -> None:
    """Say who somebody in a report is. `remember`: for this address in the whole edition.

    Raises ReportRefusedError for a person who is not of the session.
    """
    edition = policy.require_organiser_of_session(actor, live_session_id)
    one = _reported(live_session_id, reported_id)
    if not is_listed(live_session_id, edition.edition_id, person_id):
        raise ReportRefusedError("match_not_listed")
    with reconciling(edition.edition_id, [LiveSessionId(live_session_id)], at):
        one.state, one.person_id = MatchState.MATCHED.value, person_id
        one.matched_by = MatchedBy.HAND.value
        one.decided_by, one.decided_at = actor.person_id, at
        if remember and one.email:
            alias = _alias(edition.edition_id, one.email)
            if alias is None:
                alias = AttendanceAlias(edition_id=edition.edition_id, email=one.email)
                db.session.add(alias)
            alias.person_id, alias.made_by, alias.made_at = person_id, actor.person_id, at
    _note(actor, one, "attendance.match_accepted", at, person_id=person_id, remembered=remember)


def dismiss_reported(actor: Actor, live_session_id: str, reported_id: str, *, at: datetime) -> None:
    """Say that somebody in a report is not one of ours."""
    edition = policy.require_organiser_of_session(actor, live_session_id)
    one = _reported(live_session_id, reported_id)
    with reconciling(edition.edition_id, [LiveSessionId(live_session_id)], at):
        _undo(edition.edition_id, one)
        one.state = MatchState.DISMISSED.value
        one.decided_by, one.decided_at = actor.person_id, at
    _note(actor, one, "attendance.match_dismissed", at)


def reopen_match(actor: Actor, live_session_id: str, reported_id: str, *, at: datetime) -> None:
    """Take back what was said of somebody in a report: they wait again.

    What was remembered of the address for that person is forgotten too.
    """
    edition = policy.require_organiser_of_session(actor, live_session_id)
    one = _reported(live_session_id, reported_id)
    with reconciling(edition.edition_id, [LiveSessionId(live_session_id)], at):
        _undo(edition.edition_id, one)
    _note(actor, one, "attendance.match_reopened", at)


def _undo(edition_id: EditionId, one: ReportedPerson) -> None:
    alias = _alias(edition_id, one.email) if one.email else None
    if alias is not None and alias.person_id == one.person_id:
        db.session.delete(alias)
    one.state, one.person_id, one.matched_by = MatchState.WAITING.value, None, ""
    one.decided_by = one.decided_at = None


def _reported(live_session_id: str, reported_id: str) -> ReportedPerson:
    lock_row(LiveSession, live_session_id)
    one = db.session.scalar(
        select(ReportedPerson).where(
            ReportedPerson.id == reported_id, ReportedPerson.live_session_id == live_session_id
        )
    )
    if one is None:
        raise NotFoundError
    return one


def _alias(edition_id: EditionId, email: str) -> AttendanceAlias | None:
    return db.session.scalar(
        select(AttendanceAlias).where(
            AttendanceAlias.edition_id == edition_id, AttendanceAlias.email == email
        )
    )


def _note(actor: Actor, one: ReportedPerson, action: str, at: datetime, **details: Any) -> None:
    record_act(
        actor, action, "live_session", one.live_session_id, at=at, reported_id=one.id, **details
    )


# --- the rule of an edition -------------------------------------------------------------------


def set_attendance_rule(
    actor: Actor, edition_id: str, rule: AttendanceRule, *, at: datetime
) -> bool:
    """Set what an edition asks of those who were there; False when that stood already.

    Everyone for whom another status counts now is judged again. Raises SessionInputError.
    """
    edition = policy.require_organiser_of_edition(actor, edition_id)
    for name in ("min_minutes", "late_minutes", "early_minutes"):
        if not 0 <= getattr(rule, name) <= MAX_MINUTES:
            raise SessionInputError(name, "minutes_out_of_range", most=MAX_MINUTES)
    if not 0 <= rule.min_percent <= 100:  # noqa: PLR2004 - per cent
        raise SessionInputError("min_percent", "percent_out_of_range")
    if attendance_rule_of(edition.edition_id) == rule:
        return False
    cards = queries.list_edition_sessions(edition_id)
    with reconciling(edition.edition_id, [card.id for card in cards], at, by_rule=True):
        row = db.session.scalar(
            select(EditionAttendanceRule).where(EditionAttendanceRule.edition_id == edition_id)
        )
        if row is None:
            row = EditionAttendanceRule(edition_id=edition_id)
            db.session.add(row)
        for name in (
            "min_minutes", "min_percent", "late_minutes", "early_minutes", "press_counts",
            "missing_is_absent",
        ):  # fmt: skip
            setattr(row, name, getattr(rule, name))
        row.changed_by, row.changed_at = actor.person_id, at
    record_act(
        actor, "attendance.rule_set", "edition", edition_id, at=at,
        min_minutes=rule.min_minutes, min_percent=rule.min_percent,
        late_minutes=rule.late_minutes, early_minutes=rule.early_minutes,
        press_counts=rule.press_counts, missing_is_absent=rule.missing_is_absent,
    )  # fmt: skip
    return True
