"""The front door: catalogue, course page, lesson."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.completion.queries import progress_of
from lms.courses.models import Kind, Mode, Reach
from lms.courses.queries import find_lesson_of, list_catalogue
from lms.courses.texts import KINDS, LANGUAGE_NAMES, MODES
from lms.enrolment.models import EnrolmentState
from lms.enrolment.queries import enrolment_state_map, opening_facts, seats_left
from lms.enrolment.rules import judge_opening
from lms.enrolment.texts import HINDRANCES, OUTCOMES, STATE_CHIPS, STATE_MEANS, STATES
from lms.infra.db import unit_of_work
from lms.infra.web.access import PUBLIC, SIGNED_IN, access, current_actor, found
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.ids import EditionId, LessonId
from lms.kernel.localized import pick
from lms.pages.queries import Course, find_course, list_outline, programme_titles
from lms.pages.queries.media import media_of_edition
from lms.pages.texts import REACHES, checklist_items
from lms.pages.views.blueprint import blueprint
from lms.pages.views.glossary import lesson_terms
from lms.records.operations import mark_lesson_read, mark_lesson_unread
from lms.records.queries import read_lesson_ids
from lms.requests.queries import list_askable
from lms.rights.rules import Decision, viewer_answer
from lms.rights.texts import VIEWER_TEXTS
from lms.sessions.policy import may_know, may_organise
from lms.sessions.queries import edition_sessions_for
from lms.sessions.queries.groups import has_groups

MAX_SEARCH = 100


@blueprint.app_template_filter("viewer_sentence")
def viewer_sentence(decision: Decision) -> str:
    """Return why not, in the one sentence that a viewer is told."""
    return str(_(VIEWER_TEXTS[viewer_answer(decision).code]))


def _choice(name: str, allowed: Any) -> str:
    value = request.args.get(name, "")
    return value if value in {str(one) for one in allowed} else ""


@blueprint.get("/")
@access(PUBLIC)
def front() -> Any:
    """Lead people to what they come for: their learning, or the catalogue."""
    actor = current_actor()
    return redirect(url_for("pages.my_learning" if actor.signed_in else "pages.catalogue"), 303)


@blueprint.get("/courses")
@access(PUBLIC)
def catalogue() -> Any:
    """Show what one may apply for, with filters and a search."""
    actor, at = current_actor(), clock.now()
    text = request.args.get("q", "").replace("\0", "").strip()[:MAX_SEARCH]
    chosen = {
        "kind": _choice("kind", Kind),
        "mode": _choice("mode", Mode),
        "language": _choice("language", LANGUAGE_NAMES),
        "reach": _choice("reach", Reach),
    }
    past = request.args.get("past") == "1"
    entries = list_catalogue(actor, at, text=text, include_past=past, **chosen)
    own = (
        enrolment_state_map(actor.person_id, [e.edition.id for e in entries])
        if actor.person_id
        else {}
    )
    following = {e.programme.leads_to_id for e in entries if e.programme.leads_to_id}
    return render_template(
        "pages/catalogue.html",
        entries=entries,
        left=seats_left(entries),
        own=own,
        following=programme_titles(sorted(following)),
        askable=list_askable(actor) if actor.is_coordinator else [],
        q=text,
        chosen=chosen,
        past=past,
        is_filtered=bool(text or past or any(chosen.values())),
        kinds=KINDS,
        modes=MODES,
        reaches=REACHES,
        languages=LANGUAGE_NAMES,
        states=STATES,
        state_chips=STATE_CHIPS,
        at=at,
    )


def _course(programme_slug: str, edition_slug: str) -> Course:
    course: Course = found(find_course(programme_slug, edition_slug, current_actor()))
    return course


@blueprint.get("/courses/<programme_slug>/<edition_slug>")
@access(PUBLIC)
def course(programme_slug: str, edition_slug: str) -> Any:
    """Show a course: purpose, audience, parts, sessions, recordings, how to get in."""
    actor, at = current_actor(), clock.now()
    course = _course(programme_slug, edition_slug)
    edition = course.entry.edition
    enrolled = course.own is not None and course.own.state == EnrolmentState.ENROLLED
    sessions = edition_sessions_for(
        edition.id, actor.person_id, at, organises=may_organise(actor, edition.programme_id)
    )
    progress = progress_of(actor.person_id, [edition.id]) if enrolled and actor.person_id else None
    media = media_of_edition(actor, edition.id, course.own, progress, at=at)
    opening = None if enrolled else judge_opening(opening_facts(edition, actor), at)
    return render_template(
        "pages/course.html",
        course=course,
        programme=course.entry.programme,
        edition=edition,
        own=course.own,
        enrolled=enrolled,
        in_groups=enrolled and has_groups(edition.id),
        outline=list_outline(edition.id),
        sessions=sessions,
        knows_sessions=any(may_know(one.standing) for one in sessions),
        media=media,
        progress=media.progress,
        checklist_items=checklist_items,
        opening=opening,
        outcome=OUTCOMES[opening.outcome] if opening and opening.outcome is not None else "",
        hindrance=(
            HINDRANCES[opening.hindrance] if opening and opening.hindrance is not None else ""
        ),
        left=None if enrolled else seats_left([course.entry])[edition.id],
        kinds=KINDS,
        modes=MODES,
        languages=LANGUAGE_NAMES,
        states=STATES,
        state_chips=STATE_CHIPS,
        means=STATE_MEANS,
        at=at,
    )


@blueprint.get("/courses/<programme_slug>/<edition_slug>/lessons/<lesson_slug>")
@access(PUBLIC)
def lesson(programme_slug: str, edition_slug: str, lesson_slug: str) -> Any:
    """Show a lesson in the reader's language, else in the one there is, labelled."""
    from lms.infra.markup import render_lesson  # noqa: PLC0415 - heavy, and only where needed

    actor = current_actor()
    course = _course(programme_slug, edition_slug)
    lesson = found(find_lesson_of(course.entry.edition.id, lesson_slug))
    body = pick(lesson.body, ui_language())
    terms = lesson_terms(lesson.glossary.get(body.language, []), body.language)
    rendered = render_lesson(body.text, body.language, terms.linkable)
    outline = list_outline(course.entry.edition.id)
    lessons = [line for part in outline for line in part.lessons]
    place = next((n for n, line in enumerate(lessons) if line.id == lesson.id), 0)
    return render_template(
        "pages/lesson.html",
        course=course,
        lesson=lesson,
        body=body,
        rendered=rendered,
        glossary=terms.listed,
        cards=[terms.card(key) for key in rendered.linked],
        sources=lesson.sources.get(body.language, []),
        objectives=lesson.objectives.get(body.language, []),
        part=next((p for p in outline if p.id == lesson.part_id), None),
        previous=lessons[place - 1] if place > 0 else None,
        following=lessons[place + 1] if place + 1 < len(lessons) else None,
        is_read=bool(actor.person_id and read_lesson_ids(actor.person_id, [lesson.id])),
    )


@blueprint.post("/courses/<programme_slug>/<edition_slug>/lessons/<lesson_slug>/read")
@access(SIGNED_IN)
def mark_read(programme_slug: str, edition_slug: str, lesson_slug: str) -> Any:
    """Note that one has read a lesson, or take the note back (`undo`)."""
    actor, at = current_actor(), clock.now()
    course = _course(programme_slug, edition_slug)
    edition_id = EditionId(course.entry.edition.id)
    lesson = found(find_lesson_of(edition_id, lesson_slug))
    undo = request.form.get("undo") == "1"
    with unit_of_work():
        act = mark_lesson_unread if undo else mark_lesson_read
        act(actor, LessonId(lesson.id), edition_id, at=at)
    flash(_("Taken back.") if undo else _("Marked as read."), "done")
    return redirect(
        url_for(
            "pages.lesson",
            programme_slug=programme_slug,
            edition_slug=edition_slug,
            lesson_slug=lesson_slug,
        ),
        303,
    )
