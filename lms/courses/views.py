"""The desk's pages for programmes, editions, parts and lessons."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.courses import operations
from lms.courses.errors import CoursesError
from lms.courses.forms import (
    DRAFT_FORMS,
    DraftForm,
    EditionForm,
    LessonForm,
    MoveForm,
    PartForm,
    ProgrammeForm,
)
from lms.courses.models import Edition, EditionState, Kind, Lesson, Part, Programme
from lms.courses.policy import (
    may_create_programmes,
    may_manage_edition,
    may_manage_programme,
)
from lms.courses.queries import (
    edition_facts,
    find_edition,
    find_lesson,
    find_part,
    find_programme,
    get_edition,
    get_entry,
    get_programme,
    list_desk_entries,
    list_lessons,
    list_parts,
    list_programmes,
)
from lms.courses.rules import missing_for_publication, warnings_for
from lms.courses.texts import (
    CAUTIONS,
    KIND_HINTS,
    KINDS,
    MODES,
    STATE_CHIPS,
    STATES,
    fault_text,
    missing_text,
)
from lms.infra.db import unit_of_work
from lms.infra.web.access import STAFF, access, current_actor, found
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.forms import TomoniForm
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError, RefusedError
from lms.kernel.localized import pick

blueprint = Blueprint("courses", __name__, template_folder="templates")


def _own_edition(edition_id: str) -> Edition:
    edition: Edition = found(find_edition(edition_id))
    found(may_manage_edition(current_actor(), edition) or None)
    return edition


def _own_programme(programme_id: str) -> Programme:
    programme: Programme = found(find_programme(programme_id))
    found(may_manage_programme(current_actor(), programme.id) or None)
    return programme


def _own_part(part_id: str) -> Part:
    part: Part = found(find_part(part_id))
    _own_edition(part.edition_id)
    return part


def _own_lesson(lesson_id: str) -> tuple[Lesson, Part]:
    lesson: Lesson = found(find_lesson(lesson_id))
    return lesson, _own_part(lesson.part_id)


def _sent(form: TomoniForm, act: Callable[[], Any]) -> tuple[Any, int]:
    """Do an act with what a form gave: its result and 303, or the fault told and its status."""
    if not form.validate_on_submit():
        return None, 422
    try:
        with unit_of_work():
            return act(), 303
    except InvalidInputError as error:
        name = error.field if error.field in form else f"{error.field}_{ui_language()}"
        form.refuse(name, fault_text(error) or refusal_sentence(error))
        return None, 422
    except RefusedError as error:
        form.refuse("", refusal_sentence(error))
        return None, 409


@blueprint.get("/desk/programmes")
@access(STAFF)
def programmes() -> Any:
    """Every programme that the actor looks after, with its editions."""
    actor = current_actor()
    editions: dict[str, list[Edition]] = {}
    for entry in list_desk_entries(actor):
        editions.setdefault(entry.programme.id, []).append(entry.edition)
    return render_template(
        "courses/programmes.html",
        programmes=list_programmes(actor, with_archived=True),
        editions=editions,
        kinds=KINDS,
        modes=MODES,
        states=STATES,
        state_chips=STATE_CHIPS,
        may_create=may_create_programmes(actor),
    )


@blueprint.route("/desk/programmes/<programme_id>", methods=["GET", "POST"])
@access(STAFF)
def edit_programme(programme_id: str) -> Any:
    """Change a programme's texts, reach and what it leads to."""
    programme = _own_programme(programme_id)
    actor = current_actor()
    following = [
        (p.id, pick(p.title, ui_language()).text)
        for p in list_programmes(actor)
        if p.id != programme.id
    ]
    if programme.leads_to_id and programme.leads_to_id not in dict(following):
        after = get_programme(programme.leads_to_id)
        following.append((after.id, pick(after.title, ui_language()).text))
    form = ProgrammeForm(following=following)
    status = 200
    if request.method == "POST":
        _done, status = _sent(
            form,
            lambda: operations.update_programme(
                programme_id,
                form.programme_texts(),
                version=form.seen(),
                actor=actor,
                at=clock.now(),
            ),
        )
        if status == 303:  # noqa: PLR2004 - saved
            flash(_("Saved."), "done")
            return redirect(url_for(".edit_programme", programme_id=programme_id), 303)
    else:
        form.show(programme)
    return render_template(
        "courses/programme.html",
        form=form,
        programme=programme,
        entries=list_desk_entries(actor, programme_id=programme_id),
        kinds=KINDS,
        states=STATES,
        state_chips=STATE_CHIPS,
    ), status


@blueprint.post("/desk/programmes/<programme_id>/archive")
@access(STAFF)
def archive_programme(programme_id: str) -> Any:
    """Take a programme out of the catalogue."""
    with unit_of_work():
        operations.archive_programme(programme_id, actor=current_actor(), at=clock.now())
    flash(_("The programme is archived: the catalogue no longer shows it."), "done")
    return redirect(url_for(".edit_programme", programme_id=programme_id), 303)


@blueprint.post("/desk/programmes/<programme_id>/restore")
@access(STAFF)
def restore_programme(programme_id: str) -> Any:
    """Bring a programme back."""
    with unit_of_work():
        operations.restore_programme(programme_id, actor=current_actor(), at=clock.now())
    flash(_("The programme is back."), "done")
    return redirect(url_for(".edit_programme", programme_id=programme_id), 303)


@blueprint.get("/desk/editions/new")
@access(STAFF)
def new_edition() -> Any:
    """Choose the preset, or the programme to run again."""
    actor = current_actor()
    return render_template(
        "courses/new_edition.html",
        kinds=KINDS,
        hints=KIND_HINTS,
        may_create=may_create_programmes(actor),
        programmes=list_programmes(actor),
    )


@blueprint.route("/desk/editions/new/<kind>", methods=["GET", "POST"])
@access(STAFF)
def draft_edition(kind: str) -> Any:
    """Show the preset's page; with `programme` a further edition of one that exists."""
    actor = current_actor()
    known = {k.value.replace("_", "-"): k for k in Kind}
    preset: Kind = found(known.get(kind))
    programme_id = request.args.get("programme", "")
    programme = _own_programme(programme_id) if programme_id else None
    if programme is None:
        found(may_create_programmes(actor) or None)
    form: DraftForm = DRAFT_FORMS[preset](with_programme=programme is None)
    status = 200
    if request.method == "POST":
        edition_id, status = _sent(
            form,
            lambda: operations.draft_edition(
                form.edition_plan(),
                programme=programme.id if programme is not None else form.programme_plan(),
                actor=actor,
                at=clock.now(),
            ),
        )
        if status == 303:  # noqa: PLR2004 - made
            flash(_("The draft is made. Check it, then publish it."), "done")
            return redirect(url_for(".edit_edition", edition_id=edition_id), 303)
    return render_template(
        "courses/draft_edition.html",
        form=form,
        kind=preset,
        kinds=KINDS,
        hints=KIND_HINTS,
        programme=programme,
    ), status


@blueprint.route("/desk/editions/<edition_id>/settings", methods=["GET", "POST"])
@access(STAFF)
def edit_edition(edition_id: str) -> Any:
    """Change the settings of an edition; its state is changed from here too."""
    edition = _own_edition(edition_id)
    form = EditionForm(timezone=edition.timezone)
    if request.method == "GET":
        form.show(edition)
        return _edition_page(edition_id, form)
    cautions, status = _sent(
        form,
        lambda: operations.update_edition(
            edition_id,
            form.settings(),
            version=form.seen(),
            actor=current_actor(),
            at=clock.now(),
        ),
    )
    if status != 303:  # noqa: PLR2004 - not saved
        return _edition_page(edition_id, form), status
    flash(_("Saved."), "done")
    for caution in cautions:
        flash(CAUTIONS[caution], "warn")
    return redirect(url_for(".edit_edition", edition_id=edition_id), 303)


def _edition_page(edition_id: str, form: EditionForm, refusal: str = "") -> str:
    entry = get_entry(edition_id)
    parts = list_parts(edition_id)
    facts, at = edition_facts(entry, parts), clock.now()
    missing = missing_for_publication(facts, at)
    return render_template(
        "courses/edition.html",
        form=form,
        entry=entry,
        edition_id=edition_id,
        parts=parts,
        missing=missing_text(missing) if missing else "",
        cautions=[CAUTIONS[caution] for caution in warnings_for(facts, at)],
        refusal=refusal,
        states=STATES,
        state_chips=STATE_CHIPS,
        State=EditionState,
    )


def _change_state(edition_id: str, act: Callable[..., None], done: str) -> Any:
    """Change the state of an edition, or show its page with the reason why not."""
    try:
        with unit_of_work():
            act(edition_id, actor=current_actor(), at=clock.now())
    except RefusedError as error:
        sentence = refusal_sentence(error)
        edition = _own_edition(edition_id)
        form = EditionForm(formdata=None, timezone=edition.timezone)
        form.show(edition)
        return _edition_page(edition_id, form, refusal=sentence), 409
    flash(done, "done")
    return redirect(url_for(".edit_edition", edition_id=edition_id), 303)


@blueprint.post("/desk/editions/<edition_id>/publish")
@access(STAFF)
def publish_edition(edition_id: str) -> Any:
    """Open an edition to the catalogue."""
    return _change_state(
        edition_id, operations.publish_edition, _("Published. It now stands in the catalogue.")
    )


@blueprint.post("/desk/editions/<edition_id>/unpublish")
@access(STAFF)
def unpublish_edition(edition_id: str) -> Any:
    """Take an edition back to draft."""
    return _change_state(edition_id, operations.unpublish_edition, _("It is a draft again."))


@blueprint.post("/desk/editions/<edition_id>/close")
@access(STAFF)
def close_edition(edition_id: str) -> Any:
    """End an edition."""
    return _change_state(
        edition_id, operations.close_edition, _("Finished. Nobody can apply any more.")
    )


@blueprint.post("/desk/editions/<edition_id>/cancel")
@access(STAFF)
def cancel_edition(edition_id: str) -> Any:
    """Say that an edition will not take place."""
    return _change_state(
        edition_id, operations.cancel_edition, _("The edition will not take place.")
    )


@blueprint.route("/desk/editions/<edition_id>/parts", methods=["GET", "POST"])
@access(STAFF)
def parts(edition_id: str) -> Any:
    """Parts and lessons in order; a POST adds a part."""
    _own_edition(edition_id)
    form = PartForm()
    status = 200
    if request.method == "POST":
        _part, status = _sent(
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
    part = _own_part(part_id)
    form = PartForm()
    status = 200
    if request.method == "POST":
        _done, status = _sent(
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
        _own_part(part_id).edition_id,
        lambda up: operations.move_part(part_id, up=up, actor=current_actor(), at=clock.now()),
    )


@blueprint.post("/desk/parts/<part_id>/remove")
@access(STAFF)
def remove_part(part_id: str) -> Any:
    """Remove a part to which nothing belongs."""
    edition_id = _own_part(part_id).edition_id
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
    part = _own_part(part_id)
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
    lesson, part = _own_lesson(lesson_id)
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
        _done, status = _sent(form, act)
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
    _lesson, part = _own_lesson(lesson_id)
    return _reorder(
        part.edition_id,
        lambda up: operations.move_lesson(lesson_id, up=up, actor=current_actor(), at=clock.now()),
    )


@blueprint.post("/desk/lessons/<lesson_id>/remove")
@access(STAFF)
def remove_lesson(lesson_id: str) -> Any:
    """Remove a lesson that nobody has read."""
    _lesson, part = _own_lesson(lesson_id)
    return _remove(
        part.edition_id,
        lambda: operations.remove_lesson(lesson_id, actor=current_actor(), at=clock.now()),
        _("The lesson is removed."),
    )
