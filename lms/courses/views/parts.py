"""The desk's pages for parts and lessons."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.courses import operations
from lms.courses.errors import CoursesError
from lms.courses.forms import (
    LessonForm,
    MoveForm,
    PartForm,
)
from lms.courses.models import Lesson, Part
from lms.courses.queries import (
    get_edition,
    get_entry,
    list_lessons,
    list_parts,
)
from lms.courses.views.blueprint import (
    blueprint,
    own_edition,
    own_lesson,
    own_part,
    sent,
)
from lms.infra.db import unit_of_work
from lms.infra.web.access import STAFF, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.kernel import clock


@blueprint.route("/desk/editions/<edition_id>/parts", methods=["GET", "POST"])
@access(STAFF)
def parts(edition_id: str) -> Any:
    """Parts and lessons in order; a POST adds a part."""
    own_edition(edition_id)
    form = PartForm()
    status = 200
    if request.method == "POST":
        _part, status = sent(
            form,
            lambda: operations.add_part(
                edition_id, form.both("title"), actor=current_actor(), at=clock.now()
            ),
        )
        if status == 303:  # noqa: PLR2004 - added
            flash(_("The part is added."), "done")
            return redirect(url_for(".parts", edition_id=edition_id), 303)
    return _parts_page(edition_id, form), status


def _parts_page(edition_id: str, form: PartForm, refusal: str = "") -> str:
    lessons: dict[str, list[Lesson]] = {}
    for lesson in list_lessons(edition_id):
        lessons.setdefault(lesson.part_id, []).append(lesson)
    return render_template(
        "courses/parts.html",
        form=form,
        entry=get_entry(edition_id),
        edition_id=edition_id,
        parts=list_parts(edition_id),
        lessons=lessons,
        refusal=refusal,
    )


@blueprint.route("/desk/parts/<part_id>", methods=["GET", "POST"])
@access(STAFF)
def edit_part(part_id: str) -> Any:
    """Rename a part."""
    part = own_part(part_id)
    form = PartForm()
    status = 200
    if request.method == "POST":
        _done, status = sent(
            form,
            lambda: operations.update_part(
                part_id,
                form.both("title"),
                form.both("summary"),
                version=form.seen(),
                actor=current_actor(),
                at=clock.now(),
            ),
        )
        if status == 303:  # noqa: PLR2004 - saved
            flash(_("Saved."), "done")
            return redirect(url_for(".parts", edition_id=part.edition_id), 303)
    else:
        form.show(part)
    return render_template(
        "courses/part.html", form=form, part=part, edition_id=part.edition_id
    ), status


def _reorder(edition_id: str, act: Callable[[bool], None]) -> Any:
    form = MoveForm()
    if form.validate_on_submit():
        with unit_of_work():
            act(form.way.data == "up")
    return redirect(url_for(".parts", edition_id=edition_id), 303)


@blueprint.post("/desk/parts/<part_id>/move")
@access(STAFF)
def move_part(part_id: str) -> Any:
    """Move a part up or down."""
    return _reorder(
        own_part(part_id).edition_id,
        lambda up: operations.move_part(part_id, up=up, actor=current_actor(), at=clock.now()),
    )


@blueprint.post("/desk/parts/<part_id>/remove")
@access(STAFF)
def remove_part(part_id: str) -> Any:
    """Remove a part to which nothing belongs."""
    edition_id = own_part(part_id).edition_id
    return _remove(
        edition_id,
        lambda: operations.remove_part(part_id, actor=current_actor(), at=clock.now()),
        _("The part is removed."),
    )


def _remove(edition_id: str, act: Callable[[], None], done: str) -> Any:
    try:
        with unit_of_work():
            act()
    except CoursesError as error:
        return _parts_page(edition_id, PartForm(formdata=None), refusal_sentence(error)), 409
    flash(done, "done")
    return redirect(url_for(".parts", edition_id=edition_id), 303)


@blueprint.route("/desk/parts/<part_id>/lessons/new", methods=["GET", "POST"])
@access(STAFF)
def new_lesson(part_id: str) -> Any:
    """Write a lesson."""
    part = own_part(part_id)
    form = LessonForm()
    return _lesson_form(
        part,
        form,
        lambda: operations.add_lesson(
            part_id, form.lesson_texts(), actor=current_actor(), at=clock.now()
        ),
    )


@blueprint.route("/desk/lessons/<lesson_id>", methods=["GET", "POST"])
@access(STAFF)
def edit_lesson(lesson_id: str) -> Any:
    """Change a lesson's text."""
    lesson, part = own_lesson(lesson_id)
    form = LessonForm()
    if request.method == "GET":
        form.show(lesson)
    return _lesson_form(
        part,
        form,
        lambda: operations.update_lesson(
            lesson_id,
            form.lesson_texts(),
            version=form.seen(),
            actor=current_actor(),
            at=clock.now(),
        ),
        lesson,
    )


def _lesson_form(
    part: Part, form: LessonForm, act: Callable[[], Any], lesson: Lesson | None = None
) -> Any:
    status = 200
    if request.method == "POST":
        _done, status = sent(form, act)
        if status == 303:  # noqa: PLR2004 - saved
            flash(_("Saved."), "done")
            return redirect(url_for(".parts", edition_id=part.edition_id), 303)
    return render_template(
        "courses/lesson.html",
        form=form,
        part=part,
        lesson=lesson,
        edition_id=part.edition_id,
        edition=get_edition(part.edition_id),
    ), status


@blueprint.post("/desk/lessons/<lesson_id>/move")
@access(STAFF)
def move_lesson(lesson_id: str) -> Any:
    """Move a lesson up or down."""
    _lesson, part = own_lesson(lesson_id)
    return _reorder(
        part.edition_id,
        lambda up: operations.move_lesson(lesson_id, up=up, actor=current_actor(), at=clock.now()),
    )


@blueprint.post("/desk/lessons/<lesson_id>/remove")
@access(STAFF)
def remove_lesson(lesson_id: str) -> Any:
    """Remove a lesson that nobody has read."""
    _lesson, part = own_lesson(lesson_id)
    return _remove(
        part.edition_id,
        lambda: operations.remove_lesson(lesson_id, actor=current_actor(), at=clock.now()),
        _("The lesson is removed."),
    )
