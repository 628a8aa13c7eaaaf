"""Putting an edition off, or calling it off, in one act; and asking who can still come.

Whoever has a seat keeps it and whoever waits goes on waiting. What was earned stays. Every session
that has not begun moves; all of it is told in one mail a person.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from lms.courses import operations as courses
from lms.courses.models import Edition, EditionState
from lms.courses.operations import EditionDays
from lms.courses.rules import EditionNotice
from lms.enrolment.operations import remove_enrolment, withdraw_enrolment
from lms.enrolment.queries import find_enrolment, list_enrolled_ids
from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import EditionId, LiveSessionId, PersonId
from lms.kernel.localized import Localized
from lms.kernel.wall import shift_moment, zone_rules_version
from lms.sessions import policy
from lms.sessions.errors import (
    PostponingInputError,
    PostponingRefusedError,
    SessionInputError,
)
from lms.sessions.events import EditionPostponed
from lms.sessions.models import EditionPostponement, LiveSession, PostponementAnswer
from lms.sessions.operations.announcing import write_postponement
from lms.sessions.operations.scheduling import instants_of
from lms.sessions.queries import postponing as reading
from lms.sessions.queries.cards import SessionCard
from lms.sessions.rules.postponing import (
    LONGEST_WORDS,
    Answer,
    Cause,
    Days,
    PostponeKind,
    days_unknown,
    new_days,
)


@dataclass(frozen=True, slots=True)
class SessionMove:
    """When a session is held now: naive times in its own zone."""

    live_session_id: LiveSessionId
    starts_local: datetime
    ends_local: datetime


@dataclass(frozen=True, slots=True)
class PostponePlan:
    """What becomes of an edition, and what is said about it.

    `moves` has a line for each session to come, for MOVED alone, as has `answer_until`: until when
    those with a seat are asked to confirm. `words` are the organiser's own, in any language; where
    the cause is OTHER they say why. `with_deadline`: the deadline for applications moves by as
    many days as the first session.
    """

    kind: PostponeKind
    cause: Cause
    words: Localized = field(default_factory=dict)
    moves: tuple[SessionMove, ...] = ()
    answer_until: datetime | None = None
    with_deadline: bool = True


def postpone_edition(actor: Actor, edition_id: str, plan: PostponePlan, *, at: datetime) -> str:
    """Put a published edition off, or call it off; return the id of what was told.

    Raises PostponingRefusedError (`not_published`, `nothing_to_move`, `no_change`),
    PostponingInputError where the plan does not fit, CoursesError (`wrong_state`) for what cannot
    be called off.
    """
    policy.require_organiser_of_edition(actor, edition_id)
    edition: Edition = lock_row(Edition, edition_id)
    _check_words(plan)
    if plan.kind is PostponeKind.OFF:
        return _call_off(actor, edition, plan, at)
    if edition.state != EditionState.PUBLISHED:
        raise PostponingRefusedError("not_published")
    _lock_sessions(edition_id)
    cards = reading.list_movable(edition_id, at)
    if not cards:
        raise PostponingRefusedError("nothing_to_move")
    spans = _spans(cards, plan.moves, at) if plan.kind is PostponeKind.MOVED else {}
    first_at = min((span["starts_at"] for span in spans.values()), default=None)
    answer_until = _answer_until(plan, first_at, at)
    frame = reading.find_frame(edition_id, at)
    assert frame is not None
    days, deadline = _days(frame, cards, spans, plan)
    moved = [card for card in cards if _changes(card, spans.get(card.id))]
    if not moved:
        raise PostponingRefusedError("no_change")
    for card in sorted(moved, key=lambda one: one.id):
        row: LiveSession = lock_row(LiveSession, card.id)
        write_postponement(actor, row, spans.get(card.id), plan.words, at=at)
    row_id = _keep(actor, edition_id, plan, cards, answer_until=answer_until, at=at)
    if answer_until is not None:
        db.session.add_all(
            PostponementAnswer(postponement_id=row_id, person_id=person_id)
            for person_id in list_enrolled_ids(edition_id)
        )
        db.session.flush()
    notice = EditionNotice(
        plan.kind.value,
        plan.cause.value,
        plan.words,
        at,
        starts_on=cards[0].starts_local.date(),
        shown_until=first_at,
        answer_until=answer_until,
    )
    courses.put_off_edition(
        edition_id,
        EditionDays(days.starts_on, days.ends_on, deadline),
        notice,
        actor=actor,
        at=at,
    )
    raise_event(EditionPostponed(row_id, EditionId(edition_id), at))
    return row_id


def _lock_sessions(edition_id: str) -> None:
    """Lock the sessions of an edition, in the order in which mails lock them.

    Before it is read what can be moved: a session that is cancelled meanwhile stays so.
    """
    db.session.execute(
        select(LiveSession.id)
        .where(LiveSession.edition_id == edition_id)
        .order_by(LiveSession.id)
        .with_for_update()
    ).all()


def _call_off(actor: Actor, edition: Edition, plan: PostponePlan, at: datetime) -> str:
    """Have the edition cancelled, of which enrolment, sessions and mail hear as ever."""
    cards = reading.list_movable(edition.id, at)
    row_id = _keep(actor, edition.id, plan, cards, answer_until=None, at=at)
    notice = EditionNotice(plan.kind.value, plan.cause.value, plan.words, at)
    courses.cancel_edition(edition.id, actor=actor, at=at, notice=notice)
    return row_id


def _check_words(plan: PostponePlan) -> None:
    for tag, text in plan.words.items():
        if len(text) > LONGEST_WORDS:
            raise PostponingInputError(f"words_{tag}", "words_too_long", most=LONGEST_WORDS)
    if plan.cause is Cause.OTHER:
        for tag in ("ja", "en"):
            if not plan.words.get(tag):
                raise PostponingInputError(f"words_{tag}", "words_missing")


def move_of(card: SessionCard, shift: timedelta) -> SessionMove:
    """Return a session some days later, at the same times by the clock of its place."""
    return SessionMove(card.id, card.starts_local + shift, card.ends_local + shift)


def _spans(
    cards: Sequence[SessionCard], moves: Sequence[SessionMove], at: datetime
) -> dict[str, dict[str, Any]]:
    """Return by session the columns of its new times; every session to come has a line."""
    known = {card.id: card for card in cards}
    if {move.live_session_id for move in moves} != set(known) or len(moves) != len(known):
        raise PostponingInputError("moves", "sessions_changed")
    found: dict[str, dict[str, Any]] = {}
    for move in moves:
        found[move.live_session_id] = span_of(known[move.live_session_id], move, at)
    return found


def span_of(card: SessionCard, move: SessionMove, at: datetime) -> dict[str, Any]:
    """Return the columns of a session's new times. Raises PostponingInputError at its line."""
    place = f"line-{card.id}"
    try:
        starts_at, ends_at = instants_of(move.starts_local, move.ends_local, card.timezone)
    except SessionInputError as error:
        raise PostponingInputError(place, error.code, **error.facts) from None
    if starts_at <= at:
        raise PostponingInputError(place, "already_past")
    return {
        "starts_local": move.starts_local,
        "ends_local": move.ends_local,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "zone_rules": zone_rules_version(),
    }


def _changes(card: SessionCard, span: dict[str, Any] | None) -> bool:
    """Whether a session is put to other times, or (None) on hold, than it is now."""
    if span is None or card.is_on_hold:
        return (span is None) != card.is_on_hold
    return (card.starts_at, card.ends_at) != (span["starts_at"], span["ends_at"])


def _answer_until(plan: PostponePlan, first_at: datetime | None, at: datetime) -> datetime | None:
    if first_at is None:
        return None
    if plan.answer_until is None:
        raise PostponingInputError("answer_until", "answer_until_missing")
    if plan.answer_until <= at:
        raise PostponingInputError("answer_until", "answer_until_past")
    if plan.answer_until > first_at:
        raise PostponingInputError("answer_until", "answer_until_late")
    return plan.answer_until


def _days(
    frame: reading.EditionFrame,
    cards: Sequence[SessionCard],
    spans: dict[str, dict[str, Any]],
    plan: PostponePlan,
) -> tuple[Days, datetime | None]:
    """Return the new dates of the edition and its deadline for applications."""
    days, deadline = Days(frame.starts_on, frame.ends_on), frame.apply_until_at
    if not spans:
        return days_unknown(days, has_begun=frame.has_begun), deadline
    before = [card.starts_local.date() for card in cards]
    after = [span["starts_local"].date() for span in spans.values()]
    if plan.with_deadline and deadline is not None:
        zone = ZoneInfo(frame.timezone)
        deadline = shift_moment(deadline, zone.key, min(after) - min(before))
    return new_days(days, before, after, has_begun=frame.has_begun), deadline


def _keep(
    actor: Actor,
    edition_id: str,
    plan: PostponePlan,
    cards: Sequence[SessionCard],
    *,
    answer_until: datetime | None,
    at: datetime,
) -> str:
    row = EditionPostponement(
        edition_id=edition_id,
        kind=plan.kind.value,
        cause=plan.cause.value,
        words=plan.words,
        lines=[
            {
                "id": card.id,
                "title": card.title,
                "starts_at": card.starts_at.isoformat(),
                "ends_at": card.ends_at.isoformat(),
                "timezone": card.timezone,
                "was_on_hold": card.is_on_hold,
            }
            for card in cards
        ],
        answer_until=answer_until,
        by_id=actor.person_id,
        at=at,
    )
    db.session.add(row)
    db.session.flush()
    record_act(
        actor, "edition.postponed", "edition", edition_id, at=at,
        kind=plan.kind.value, cause=plan.cause.value, sessions=len(cards),
    )  # fmt: skip
    return row.id


# --- answers ------------------------------------------------------------------------------------


def answer_new_dates(actor: Actor, edition_id: str, answer: str, *, at: datetime) -> Answer:
    """Say for oneself whether one can come on the new dates; NO gives the seat up at once.

    Raises NotFoundError for who is not asked, PostponingRefusedError (`answers_over` once the
    first session has begun, `seat_gone`), EnrolmentError where the seat cannot be given up.
    """
    if actor.person_id is None:
        raise NotFoundError
    said = _said(answer)
    _row, kept = _asked(edition_id, actor.person_id, at)
    if said is Answer.NO:
        withdraw_enrolment(edition_id, actor=actor, at=at)
    _write(kept, said, actor, at)
    return said


def note_answer(
    actor: Actor, edition_id: str, person_id: str, answer: str, *, reason: str, at: datetime
) -> Answer:
    """Note what somebody said by telephone or on paper; NO gives the seat up, for this `reason`.

    For who runs the edition.
    """
    policy.require_organiser_of_edition(actor, edition_id)
    said = _said(answer)
    _row, kept = _asked(edition_id, person_id, at)
    if said is Answer.NO:
        _release(actor, edition_id, [person_id], reason, at)
    _write(kept, said, actor, at)
    return said


def settle_answers(
    actor: Actor, edition_id: str, group: str, *, keep: bool, reason: str, at: datetime
) -> int:
    """Keep or free the seats of those without an answer ('') or 'unsure'; return how many.

    Who is on the waiting list moves up as ever. Raises PostponingInputError (`answer_unknown`),
    PostponingRefusedError (`nobody_left`).
    """
    policy.require_organiser_of_edition(actor, edition_id)
    if group not in {"", Answer.UNSURE.value}:
        raise PostponingInputError("group", "answer_unknown")
    lock_row(Edition, edition_id)
    row = reading.find_postponement(edition_id)
    people = [] if row is None else [
        one for one in reading.list_asked(row)
        if one.has_seat and one.answer == group and not one.outcome
    ]  # fmt: skip
    if row is None or not people:
        raise PostponingRefusedError("nobody_left")
    for kept in reading.list_answers(row.id, [one.person_id for one in people]):
        kept.outcome = "kept" if keep else "released"
    if not keep:
        _release(actor, edition_id, [one.person_id for one in people], reason, at)
    if not any(
        one.has_seat and one.answer in {"", Answer.UNSURE} and not one.outcome
        for one in reading.list_asked(row)
    ):
        row.settled_at = at
    db.session.flush()
    record_act(
        actor, "edition.answers_settled", "edition", edition_id, at=at,
        keep=keep, people=len(people),
    )  # fmt: skip
    return len(people)


def _release(
    actor: Actor, edition_id: str, person_ids: Collection[str], reason: str, at: datetime
) -> None:
    for person_id in person_ids:
        enrolment = find_enrolment(edition_id, person_id)
        assert enrolment is not None
        remove_enrolment(edition_id, enrolment.id, reason=reason, actor=actor, at=at)


def note_reminded(
    postponement_id: str, person_ids: Collection[str], *, at: datetime
) -> list[PersonId]:
    """Note that these people are reminded now; return those who still are to be.

    The row is locked, so that two workers never remind the same person. There is no actor.
    """
    row: EditionPostponement | None = lock_row(EditionPostponement, postponement_id)
    if row is None:
        return []
    wanted = set(person_ids)
    found = [key for key in reading.list_unreminded_ids(row) if key in wanted]
    for kept in reading.list_answers(postponement_id, found):
        kept.reminded_at = at
    db.session.flush()
    return [PersonId(key) for key in found]


def _said(answer: str) -> Answer:
    try:
        return Answer(answer)
    except ValueError:
        raise PostponingInputError("answer", "answer_unknown") from None


def _asked(
    edition_id: str, person_id: str, at: datetime
) -> tuple[EditionPostponement, PostponementAnswer]:
    """Return what a person is asked, with the edition locked as for every seat."""
    edition: Edition | None = lock_row(Edition, edition_id)
    row = reading.find_postponement(edition_id)
    kept = reading.find_answer(row.id, person_id) if row is not None else None
    if edition is None or row is None or kept is None:
        raise NotFoundError
    frame = reading.find_frame(edition_id, at)
    notice = frame.notice if frame is not None else None
    if notice is None or notice.shown_until is None or at >= notice.shown_until:
        raise PostponingRefusedError("answers_over")
    enrolment = find_enrolment(edition_id, person_id)
    if enrolment is None or enrolment.seat is None:
        raise PostponingRefusedError("seat_gone")
    return row, kept


def _write(kept: PostponementAnswer, said: Answer, actor: Actor, at: datetime) -> None:
    kept.answer, kept.answered_at, kept.by_id = said.value, at, actor.person_id
    db.session.flush()
    record_act(
        actor, "enrolment.new_dates_answered", "person", kept.person_id, at=at,
        postponement_id=kept.postponement_id, answer=said.value,
    )  # fmt: skip
