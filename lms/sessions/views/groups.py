"""Seminar groups: the desk's pages, the printable list, and a participant's own group."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from lms.courses.models import EditionState
from lms.infra.db import db, unit_of_work
from lms.infra.i18n import LANGUAGES, speaking
from lms.infra.site import read_site
from lms.infra.typesetting import typeset
from lms.infra.web.access import SIGNED_IN, STAFF, access, current_actor, found
from lms.infra.web.formats import format_moment
from lms.infra.web.locale import ui_language, viewer_zone
from lms.kernel import clock
from lms.kernel.errors import NotFoundError
from lms.kernel.localized import pick
from lms.sessions import policy
from lms.sessions.errors import GroupRefusedError, SessionInputError
from lms.sessions.forms.groups import GroupForm, group_form
from lms.sessions.operations.groups import (
    Placing,
    Spread,
    add_group,
    change_group,
    move_group,
    place_people,
    plan_spread,
    remove_group,
    show_to_group,
    spread_people,
)
from lms.sessions.queries import EditionDesk
from lms.sessions.queries.groups import (
    GroupCard,
    GroupRecord,
    Placed,
    find_group,
    find_own_group,
    last_end_before,
    list_groups,
    list_placed,
)
from lms.sessions.queries.timetable import find_edition_by_slugs
from lms.sessions.texts import refusal_text
from lms.sessions.texts.groups import group_list_blocks, group_refusal_text, person_line
from lms.sessions.views.blueprint import blueprint

NAV = "sessions.edition_sessions"


@blueprint.app_template_filter("unions")
def unions(person: Placed) -> str:
    """Write the unions of a person."""
    return person_line(person, ui_language())


@blueprint.get("/desk/editions/<edition_id>/groups")
@access(STAFF)
def edition_groups(edition_id: str) -> Any:
    """Show the groups of an edition, who is in which, and who is in none."""
    return _page(policy.require_organiser_of_edition(current_actor(), edition_id))


def _page(edition: EditionDesk, errors: dict[str, str] | None = None) -> str:
    at = clock.now()
    groups = list_groups(edition.edition_id)
    people = list_placed(edition.edition_id, clock.day_in(at))
    return render_template(
        "sessions/groups.html",
        edition=edition,
        groups=groups,
        people=people,
        members={group.id: [one for one in people if one.group_id == group.id] for group in groups},
        without=[one for one in people if one.group_id is None],
        some_over=last_end_before(edition.edition_id, at) is not None,
        errors=errors or {},
        sent=request.form,
        edition_id=edition.edition_id,
        nav_current=NAV,
    )


@blueprint.post("/desk/editions/<edition_id>/groups")
@access(STAFF)
def place_in_groups(edition_id: str) -> Any:
    """Put people into the groups that were chosen for them."""
    actor = current_actor()
    edition = policy.require_organiser_of_edition(actor, edition_id)
    placings = [
        Placing(
            key.removeprefix("group-"), value or None, request.form.get(f"was-{key[6:]}") or None
        )
        for key, value in request.form.items()
        if key.startswith("group-")
    ]
    from_start = request.form.get("from_start") == "1"
    try:
        with unit_of_work():
            moved = place_people(actor, edition_id, placings, from_start=from_start, at=clock.now())
    except SessionInputError as error:
        db.session.rollback()
        return _page(edition, {error.field: refusal_text(error) or ""}), 422
    except GroupRefusedError as error:
        db.session.rollback()
        return _page(edition, {"": group_refusal_text(error)}), 409
    _tell_moved(moved, edition)
    return redirect(url_for("sessions.edition_groups", edition_id=edition_id), 303)


def _tell_moved(moved: int, edition: EditionDesk) -> None:
    if not moved:
        flash(_("Nothing was different, so nothing was changed."), "info")
        return
    told = ngettext(
        "%(num)s person is in another group now.", "%(num)s people are in other groups now.", moved
    )
    if edition.state in {EditionState.PUBLISHED, EditionState.CLOSED}:
        later = _("They are told by mail in ten minutes; until then you can put it right.")
        told = f"{told}{later}" if ui_language() == "ja" else f"{told} {later}"
    flash(told, "done")


@blueprint.route("/desk/editions/<edition_id>/groups/new", methods=["GET", "POST"])
@access(STAFF)
def new_group(edition_id: str) -> Any:
    """Make a group."""
    actor = current_actor()
    edition = policy.require_organiser_of_edition(actor, edition_id)
    form = GroupForm()
    plan = form.plan() if form.validate_on_submit() else None
    if plan is not None:
        try:
            with unit_of_work():
                add_group(actor, edition_id, plan, at=clock.now())
        except SessionInputError as error:
            _refuse(form, error)
        else:
            flash(_("The group was made."), "done")
            return redirect(url_for("sessions.edition_groups", edition_id=edition_id), 303)
    return _form_page(form, edition, None)


@blueprint.route("/desk/editions/<edition_id>/groups/<group_id>", methods=["GET", "POST"])
@access(STAFF)
def edit_group(edition_id: str, group_id: str) -> Any:
    """Change a group."""
    actor = current_actor()
    edition = policy.require_organiser_of_edition(actor, edition_id)
    record = found(find_group(edition_id, group_id))
    form = group_form(record)
    plan = form.plan() if form.validate_on_submit() else None
    if plan is not None:
        try:
            with unit_of_work():
                change_group(actor, edition_id, group_id, plan, version=form.seen(), at=clock.now())
        except SessionInputError as error:
            _refuse(form, error)
        else:
            flash(_("Saved."), "done")
            return redirect(url_for("sessions.edition_groups", edition_id=edition_id), 303)
    return _form_page(form, edition, record)


def _refuse(form: GroupForm, error: SessionInputError) -> None:
    db.session.rollback()
    form.refuse_input(error.field, refusal_text(error) or "")


def _form_page(
    form: GroupForm, edition: EditionDesk, record: GroupRecord | None, refusal: str = ""
) -> Any:
    page = render_template(
        "sessions/group_form.html",
        form=form,
        edition=edition,
        record=record,
        refusal=refusal,
        edition_id=edition.edition_id,
        nav_current=NAV,
    )
    return (page, 422) if form.is_submitted() else page


@blueprint.post("/desk/editions/<edition_id>/groups/<group_id>/up")
@access(STAFF)
def move_group_up(edition_id: str, group_id: str) -> Any:
    """Put a group before the one that stands before it."""
    return _move(edition_id, group_id, up=True)


@blueprint.post("/desk/editions/<edition_id>/groups/<group_id>/down")
@access(STAFF)
def move_group_down(edition_id: str, group_id: str) -> Any:
    """Put a group after the one that stands after it."""
    return _move(edition_id, group_id, up=False)


def _move(edition_id: str, group_id: str, *, up: bool) -> Any:
    with unit_of_work():
        move_group(current_actor(), edition_id, group_id, up=up, at=clock.now())
    return redirect(url_for("sessions.edition_groups", edition_id=edition_id), 303)


@blueprint.post("/desk/editions/<edition_id>/groups/<group_id>/remove")
@access(STAFF)
def take_group_away(edition_id: str, group_id: str) -> Any:
    """Take a group away; who was in it is in none."""
    actor = current_actor()
    edition = policy.require_organiser_of_edition(actor, edition_id)
    try:
        with unit_of_work():
            people = remove_group(actor, edition_id, group_id, at=clock.now())
    except GroupRefusedError as error:
        db.session.rollback()
        record = found(find_group(edition_id, group_id))
        page = _form_page(group_form(record), edition, record, group_refusal_text(error))
        return (page[0] if isinstance(page, tuple) else page), 409
    flash(
        ngettext(
            "The group was taken away. %(num)s person is in no group by that.",
            "The group was taken away. %(num)s people are in no group by that.",
            people,
        ),
        "done",
    )
    return redirect(url_for("sessions.edition_groups", edition_id=edition_id), 303)


# --- spreading ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heap:
    """A group of a preview: who would be in it, and how many of each industrial union."""

    group: GroupCard
    people: tuple[tuple[Placed, bool], ...]
    counts: tuple[tuple[str, int], ...]


@blueprint.route("/desk/editions/<edition_id>/groups/spread", methods=["GET", "POST"])
@access(STAFF)
def spread_in_groups(edition_id: str) -> Any:
    """Spread people evenly: a preview first, then all of them in one act."""
    actor, at = current_actor(), clock.now()
    edition = policy.require_organiser_of_edition(actor, edition_id)
    everybody = request.values.get("everybody") == "1"
    try:
        spread = plan_spread(actor, edition_id, everybody=everybody, at=at)
        if request.method == "POST" and request.form.get("anyway") == _mark(spread):
            with unit_of_work():
                moved = spread_people(actor, edition_id, spread, at=at)
            _tell_moved(moved, edition)
            return redirect(url_for("sessions.edition_groups", edition_id=edition_id), 303)
    except SessionInputError:  # another has placed somebody since: it is shown anew
        db.session.rollback()
        spread = plan_spread(actor, edition_id, everybody=everybody, at=at)
    except GroupRefusedError as error:
        db.session.rollback()
        refused = _page(edition, {"": group_refusal_text(error)})
        return (refused, 409) if request.method == "POST" else refused
    page = render_template(
        "sessions/group_spread.html",
        edition=edition,
        heaps=_heaps(list_groups(edition_id), spread),
        left=[one for one, group_id in spread.people if group_id is None],
        moved=len(spread.moved),
        everybody=everybody,
        mark=_mark(spread),
        stale=request.method == "POST",
        edition_id=edition.edition_id,
        nav_current=NAV,
    )
    return (page, 409) if request.method == "POST" else page


def _mark(spread: Spread) -> str:
    text = "\n".join(f"{one.person_id} {one.group_id} {to}" for one, to in spread.people)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _heaps(groups: tuple[GroupCard, ...], spread: Spread) -> list[Heap]:
    heaps = []
    for group in groups:
        people = [(one, one.group_id != group.id) for one, to in spread.people if to == group.id]
        counts = Counter(
            pick(one.industrial or one.enterprise, ui_language()).text for one, _new in people
        )
        heaps.append(Heap(group, tuple(people), tuple(counts.items())))
    return heaps


# --- on paper -----------------------------------------------------------------------------------


@blueprint.get("/desk/editions/<edition_id>/groups.pdf")
@access(STAFF)
def groups_paper(edition_id: str) -> Any:
    """Give organisers the list of groups as a PDF; `?language=` chooses its language."""
    edition = policy.require_organiser_of_edition(current_actor(), edition_id)
    language = request.args.get("language", "")
    language = language if language in LANGUAGES else ui_language()
    at = clock.now()
    groups = list_groups(edition_id)
    people = list_placed(edition_id, clock.day_in(at))
    with speaking(language):
        pdf = typeset(
            group_list_blocks(edition.title, groups, people, language),
            language=language,
            title=f"{pick(edition.title, language).text} {_('Seminar groups')}",
            author=pick(read_site().name, language).text,
            at=at,
            foot=_("As of %(moment)s", moment=format_moment(at, viewer_zone(), language)),
        )
    answer = Response(pdf, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = 'inline; filename="groups.pdf"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


# --- one's own ----------------------------------------------------------------------------------


@blueprint.get("/courses/<programme_slug>/<edition_slug>/group")
@access(SIGNED_IN)
def own_group(programme_slug: str, edition_slug: str) -> Any:
    """Show a participant their own group, as far as its members agreed."""
    actor = current_actor()
    edition = _own_edition(programme_slug, edition_slug)
    assert actor.person_id is not None
    own = find_own_group(edition.edition_id, actor.person_id, clock.day_in(clock.now()))
    return render_template(
        "sessions/own_group.html",
        edition=edition,
        own=found(own),
        programme_slug=programme_slug,
        edition_slug=edition_slug,
    )


@blueprint.post("/courses/<programme_slug>/<edition_slug>/group")
@access(SIGNED_IN)
def show_in_group(programme_slug: str, edition_slug: str) -> Any:
    """Let one's group see one's name and union, or no more."""
    edition = _own_edition(programme_slug, edition_slug)
    shown = request.form.get("shown") == "1"
    with unit_of_work():
        show_to_group(current_actor(), edition.edition_id, shown=shown, at=clock.now())
    if shown:
        flash(_("The members of your group see your name and union now."), "done")
    else:
        flash(_("Your group does not see your name any more."), "done")
    address = url_for(
        "sessions.own_group", programme_slug=programme_slug, edition_slug=edition_slug
    )
    return redirect(address, 303)


def _own_edition(programme_slug: str, edition_slug: str) -> EditionDesk:
    edition = find_edition_by_slugs(programme_slug, edition_slug)
    if edition is None or edition.state == EditionState.DRAFT:
        raise NotFoundError
    return edition
