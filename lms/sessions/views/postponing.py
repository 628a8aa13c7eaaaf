"""Putting an edition off, what people answer, and one's own answer about the new dates."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from lms.courses.models import EditionState
from lms.courses.rules import EditionNotice, read_edition_notice
from lms.infra.db import db, unit_of_work
from lms.infra.web.access import SIGNED_IN, STAFF, access, current_actor, found
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError, NotFoundError, RefusedError
from lms.kernel.localized import Localized
from lms.people.queries import is_id
from lms.sessions import policy, queries
from lms.sessions.errors import PostponingInputError
from lms.sessions.forms.postponing import (
    MoveLine,
    PostponeForm,
    new_dates_form,
    postpone_form,
)
from lms.sessions.operations.postponing import (
    PostponePlan,
    answer_new_dates,
    note_answer,
    postpone_edition,
    settle_answers,
    span_of,
)
from lms.sessions.queries import EditionDesk, SessionCard
from lms.sessions.queries import postponing as reading
from lms.sessions.queries.clashes import find_clashes
from lms.sessions.queries.groups import (
    groups_of_sessions,
    participants_of_sessions,
    sessions_of_others,
)
from lms.sessions.queries.timetable import find_edition_by_slugs
from lms.sessions.rules.clashes import Clash, Meeting, digest
from lms.sessions.rules.postponing import Answer, PostponeKind, overlapping
from lms.sessions.texts import refusal_text
from lms.sessions.texts.clashes import clash_text, repeated_note
from lms.sessions.texts.postponing import KINDS, SAID, cause_text
from lms.sessions.views.blueprint import blueprint

NAV = "sessions.edition_sessions"


@blueprint.app_template_filter("edition_notice")
def edition_notice(edition: Any) -> EditionNotice | None:
    """Return what people were told when an edition was put off, while it is still of use."""
    notice = read_edition_notice(edition.notice)
    if notice is None or notice.shown_until is None:
        return notice
    return notice if clock.now() < notice.shown_until else None


@blueprint.app_template_filter("cause_sentence")
def cause_sentence(cause: str) -> str:
    """Write why an edition was put off; '' where the organiser's own words say it."""
    return cause_text(cause)


@dataclass(frozen=True, slots=True)
class Line:
    """A session in the preview: its fields, its moments, what to look at, whose groups it is."""

    entry: MoveLine
    meeting: Meeting | None
    fault: str
    notes: tuple[str, ...]
    groups: tuple[Localized, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be done; `mark` stands for just this, and is empty while something is wrong."""

    plan: PostponePlan | None
    lines: tuple[Line, ...]
    told: reading.ToldCounts
    mark: str


@blueprint.route("/desk/editions/<edition_id>/postpone", methods=["GET", "POST"])
@access(STAFF)
def postpone(edition_id: str) -> Any:
    """Put an edition off or call it off: a preview first, then all of it in one act."""
    actor, at = current_actor(), clock.now()
    desk = policy.require_organiser_of_edition(actor, edition_id)
    cards = reading.list_movable(edition_id, at)
    form = postpone_form()
    preview: Preview | None = None
    refusal = ""
    if form.validate_on_submit():
        preview = _preview(actor, desk, form, cards, at)
        if preview is not None and preview.mark == request.form.get("anyway"):
            assert preview.plan is not None
            try:
                with unit_of_work():
                    postpone_edition(actor, edition_id, preview.plan, at=at)
            except InvalidInputError as error:
                db.session.rollback()
                form.refuse(error.field, refusal_sentence(error))
                preview = None
            except RefusedError as error:
                db.session.rollback()
                refusal, preview = refusal_sentence(error), None
            else:
                flash(_("It is done, and everyone concerned is being told in one mail."), "done")
                return redirect(url_for(".postponed", edition_id=edition_id), 303)
    page = render_template(
        "sessions/postpone.html",
        form=form,
        edition=desk,
        edition_id=edition_id,
        cards=cards,
        on_hold=any(card.is_on_hold for card in cards),
        open_state=desk.state in {EditionState.PUBLISHED, EditionState.DRAFT},
        preview=preview,
        refusal=refusal,
        nav_current=NAV,
    )
    if refusal:
        return page, 409
    fine = preview is not None and preview.mark and not form.errors
    return page if fine or not form.is_submitted() else (page, 422)


def _preview(
    actor: Actor,
    desk: EditionDesk,
    form: PostponeForm,
    cards: Sequence[SessionCard],
    at: datetime,
) -> Preview | None:
    """Return what would be done, or None after refusing what does not fit."""
    told = reading.count_told(desk.edition_id, [card.id for card in cards])
    if form.kind.data != PostponeKind.MOVED:
        plan = form.plan((), None)
        shown = "".join(card.id for card in cards)
        return Preview(plan, (), told, "" if form.errors else _mark(plan, shown))
    entries = form.move_lines(cards)
    if entries is None:
        return None
    lines, clashes = _lines(actor, desk, entries, at)
    first_at = min((one.meeting.starts_at for one in lines if one.meeting), default=None)
    until = form.answer_until(desk.timezone, at, first_at)
    plan = form.plan([one.entry.move for one in lines if one.entry.move is not None], until)
    wrong = bool(form.errors) or any(one.fault for one in lines)
    return Preview(plan, lines, told, "" if wrong else _mark(plan, digest(clashes)))


def _mark(plan: PostponePlan, shown: str) -> str:
    return hashlib.sha256(f"{plan!r}{shown}".encode()).hexdigest()[:32]


def _lines(
    actor: Actor, desk: EditionDesk, entries: Sequence[MoveLine], at: datetime
) -> tuple[tuple[Line, ...], tuple[Clash, ...]]:
    """Return the lines of the preview with what stands in their way."""
    speakers = queries.speakers_of([one.card.id for one in entries])
    groups = groups_of_sessions([one.card.id for one in entries])
    meetings: list[Meeting | None] = []
    faults: list[str] = []
    for one in entries:
        meeting, fault = None, ""
        if one.move is None:
            fault = _("Please write day and times such as 2026-10-12, 18:30 and 20:00.")
        else:
            try:
                span = span_of(one.card, one.move, at)
            except InvalidInputError as error:
                fault = refusal_text(error) or ""
            else:
                names = [speaker.person_id for speaker in speakers.get(one.card.id, ())]
                meeting = reading.meeting_on(
                    one.card,
                    (span["starts_at"], span["ends_at"]),
                    names,
                    [group_id for group_id, _title in groups.get(one.card.id, ())],
                )
        meetings.append(meeting)
        faults.append(fault)
    numbers = [number for number, meeting in enumerate(meetings) if meeting is not None]
    fine = [meeting for meeting in meetings if meeting is not None]
    clashes = find_clashes(
        desk.edition_id,
        fine,
        sees=partial(policy.may_organise, actor),
        language=ui_language(),
        without=[one.card.id for one in entries],
    )
    notes: dict[int, list[str]] = {number: [] for number in range(len(entries))}
    for clash in clashes:
        notes[numbers[clash.number]].append(clash_text(clash))
    for pair in _newly_overlapping(fine, [entries[number].card for number in numbers]):
        for place in pair:
            notes[numbers[place]].append(
                _("This overlaps with another session of this edition that is moved too.")
            )
    for number, one in enumerate(entries):
        if one.move is not None and (
            note := repeated_note(one.move.starts_local, one.move.ends_local, one.card.timezone)
        ):
            notes[number].append(note)
    found_lines = zip(entries, meetings, faults, strict=True)
    return (
        tuple(
            Line(
                entry,
                meeting,
                fault,
                tuple(notes[number]),
                tuple(title for _id, title in groups.get(entry.card.id, ())),
            )
            for number, (entry, meeting, fault) in enumerate(found_lines)
        ),
        clashes,
    )


def _newly_overlapping(
    meetings: Sequence[Meeting], cards: Sequence[SessionCard]
) -> list[tuple[int, int]]:
    """Return the pairs that are in each other's way now. One query, or none.

    Groups may meet side by side, unless who runs one session takes part in the other.
    """
    pairs = overlapping(
        [(meeting.starts_at, meeting.ends_at) for meeting in meetings],
        [(card.starts_at, card.ends_at) for card in cards],
    )
    beside = {pair for pair in pairs if meetings[pair[0]].goes_beside(meetings[pair[1]])}
    people = participants_of_sessions({cards[number].id for pair in beside for number in pair})

    def attends(one: int, other: int) -> bool:
        return not meetings[one].hands.isdisjoint(people.get(cards[other].id, ()))

    return [
        (one, other)
        for one, other in pairs
        if (one, other) not in beside or attends(one, other) or attends(other, one)
    ]


# --- the desk: who answered -------------------------------------------------------------------


@blueprint.get("/desk/editions/<edition_id>/postponed")
@access(STAFF)
def postponed(edition_id: str) -> Any:
    """Show how an edition was put off last, who answered what, and what is left to decide."""
    return _postponed_page(policy.require_organiser_of_edition(current_actor(), edition_id))


def _postponed_page(desk: EditionDesk, refusal: str = "", status: int = 200) -> Any:
    row = reading.find_postponement(desk.edition_id)
    people = reading.list_asked(row) if row is not None else ()
    left = [one for one in people if one.has_seat and not one.outcome]
    page = render_template(
        "sessions/postponed.html",
        edition=desk,
        edition_id=desk.edition_id,
        row=row,
        people=people,
        counts=reading.count_asked(people),
        left={
            group: sum(one.answer == group for one in left) for group in ("", Answer.UNSURE.value)
        },
        said=SAID,
        kinds=KINDS,
        at=clock.now(),
        refusal=refusal,
        nav_current=NAV,
    )
    return page, status


@blueprint.post("/desk/editions/<edition_id>/postponed/answers")
@access(STAFF)
def note_new_dates(edition_id: str) -> Any:
    """Note what somebody said by telephone or on paper."""
    actor = current_actor()
    desk = policy.require_organiser_of_edition(actor, edition_id)
    person_id = request.form.get("person_id", "")
    if not is_id(person_id):
        raise NotFoundError
    reason = _("You told us that you cannot come on the new dates.")
    try:
        with unit_of_work():
            note_answer(
                actor, edition_id, person_id, request.form.get("answer", ""),
                reason=reason, at=clock.now(),
            )  # fmt: skip
    except (InvalidInputError, RefusedError) as error:
        db.session.rollback()
        status = 422 if isinstance(error, InvalidInputError) else 409
        return _postponed_page(desk, refusal_sentence(error), status)
    flash(_("The answer is noted."), "done")
    return redirect(url_for(".postponed", edition_id=edition_id), 303)


@blueprint.post("/desk/editions/<edition_id>/postponed/settle")
@access(STAFF)
def settle_new_dates(edition_id: str) -> Any:
    """Keep or free the seats of those who said neither yes nor no."""
    actor = current_actor()
    desk = policy.require_organiser_of_edition(actor, edition_id)
    act = request.form.get("act", "")
    reason = _("We have no answer from you about the new dates of this course.")
    try:
        if act not in {"keep", "release"}:
            raise PostponingInputError("act", "answer_unknown")
        with unit_of_work():
            count = settle_answers(
                actor, edition_id, request.form.get("group", "?"),
                keep=act == "keep", reason=reason, at=clock.now(),
            )  # fmt: skip
    except (InvalidInputError, RefusedError) as error:
        db.session.rollback()
        status = 422 if isinstance(error, InvalidInputError) else 409
        return _postponed_page(desk, refusal_sentence(error), status)
    if act == "keep":
        done = ngettext("%(num)s seat is kept.", "%(num)s seats are kept.", count)
    else:
        done = ngettext("%(num)s seat is free now.", "%(num)s seats are free now.", count)
    flash(done, "done")
    return redirect(url_for(".postponed", edition_id=edition_id), 303)


# --- one's own answer ---------------------------------------------------------------------------


@blueprint.route("/courses/<programme_slug>/<edition_slug>/new-dates", methods=["GET", "POST"])
@access(SIGNED_IN)
def new_dates(programme_slug: str, edition_slug: str) -> Any:
    """Ask somebody with a seat whether they can come on the new dates."""
    actor, at = current_actor(), clock.now()
    assert actor.person_id is not None
    desk = found(find_edition_by_slugs(programme_slug, edition_slug))
    row = found(reading.find_postponement(desk.edition_id))
    kept = found(reading.find_answer(row.id, actor.person_id))
    here: dict[str, Any] = {"programme_slug": programme_slug, "edition_slug": edition_slug}
    form = new_dates_form(kept.answer)
    refusal, status = "", 200
    if form.validate_on_submit():
        try:
            with unit_of_work():
                said = answer_new_dates(actor, desk.edition_id, form.answer.data, at=at)
        except RefusedError as error:
            db.session.rollback()
            refusal, status = refusal_sentence(error), 409
        else:
            if said is Answer.NO:
                flash(_("Thank you. Your place is free for somebody who is waiting."), "done")
                return redirect(url_for("pages.course", **here), 303)
            flash(_("Thank you. Your answer is noted; you can still change it."), "done")
            return redirect(url_for(".new_dates", **here), 303)
    elif form.is_submitted():
        status = 422
    return _own_page(desk, here, form, refusal=refusal), status


def _own_page(desk: EditionDesk, here: dict[str, Any], form: Any, *, refusal: str) -> str:
    actor, at = current_actor(), clock.now()
    assert actor.person_id is not None
    row = found(reading.find_postponement(desk.edition_id))
    kept = found(reading.find_answer(row.id, actor.person_id))
    was = {
        line["id"]: tuple(datetime.fromisoformat(line[name]) for name in ("starts_at", "ends_at"))
        for line in row.lines
    }
    others = sessions_of_others(desk.edition_id, actor.person_id)
    cards = [c for c in queries.list_edition_sessions(desk.edition_id) if c.id not in others]
    frame = found(reading.find_frame(desk.edition_id, at))
    return render_template(
        "sessions/new_dates.html",
        edition=desk,
        form=form,
        row=row,
        kept=kept,
        said=SAID,
        lines=[(card, *was[card.id]) for card in cards if card.id in was],
        can_answer=reading.has_seat(desk.edition_id, actor.person_id)
        and frame.notice is not None
        and frame.notice.shown_until is not None
        and at < frame.notice.shown_until,
        refusal=refusal,
        at=at,
        **here,
    )
