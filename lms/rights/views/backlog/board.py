"""The board: everything from the shelves, by rightsholder."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from lms.infra.db import unit_of_work
from lms.infra.web.access import RIGHTS_DESK, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.localized import pick
from lms.people.queries import is_id
from lms.recordings.models import MediaKind, Stage
from lms.recordings.texts import kind_text
from lms.rights.errors import RightsRefusedError
from lms.rights.forms.backlog import HolderForm
from lms.rights.operations import HolderDetails
from lms.rights.operations.shelving import name_holder, take_on, unname_holder
from lms.rights.queries.backlog import BacklogFilter, list_open_imports, read_backlog
from lms.rights.rules.shelf import ItemState
from lms.rights.texts.backlog import STATE_CHIPS, STATES, file_fault_text
from lms.rights.texts.desk import KINDS
from lms.rights.views.blueprint import blueprint
from lms.rights.views.managing import managed_recording
from lms.rights.views.readers import argument, page_number

_Item = TypeVar("_Item", str, tuple[str, str])

_KINDS = (MediaKind.VIDEO, MediaKind.AUDIO, MediaKind.PAPER)


def read_chosen(values: Sequence[str]) -> list[tuple[str, str]]:
    """Read `recording id.kind` from boxes that were ticked; what is none is left out."""
    pairs = [value.partition(".") for value in values[:500]]
    return list(
        dict.fromkeys((key, kind) for key, _dot, kind in pairs if is_id(key) and kind in KINDS)
    )


@blueprint.get("/desk/rights/backlog")
@access(RIGHTS_DESK)
def backlog() -> Any:
    """List what stands on the shelves, grouped by rightsholder, with counts by state."""
    state, kind, programme = argument("state"), argument("kind"), argument("programme")
    wanted = BacklogFilter(
        text=argument("q"),
        state=state if state in set(ItemState) else "",
        programme_id=programme if is_id(programme) else "",
        kind=kind if kind in _KINDS else "",
        holder_id=argument("holder") if is_id(argument("holder")) else "",
    )
    actor, language = current_actor(), ui_language()
    found = read_backlog(actor, wanted, page_number())
    names = {
        "q": wanted.text, "state": wanted.state, "programme": wanted.programme_id,
        "kind": wanted.kind, "holder": wanted.holder_id,
    }  # fmt: skip
    return render_template(
        "rights/backlog.html",
        found=found,
        wanted=wanted,
        kept={name: value for name, value in names.items() if value},
        states=STATES,
        chips=STATE_CHIPS,
        holder_kinds=KINDS,
        kind_text=kind_text,
        file_text=file_fault_text,
        state_choices=[("", _("All states")), *((one.value, STATES[one]) for one in ItemState)],
        kind_choices=[("", _("All kinds")), *((one.value, kind_text(one)) for one in _KINDS)],
        programme_choices=[
            ("", _("All courses")),
            *((key, pick(title, language).text) for key, title in found.programmes),
        ],
        imports=list_open_imports(actor),
    )


@blueprint.post("/desk/rights/backlog/chosen")
@access(RIGHTS_DESK)
def backlog_chosen() -> Any:
    """Go on with the items that were ticked: to one letter, to an answer, or take them on."""
    holder_id, act = request.form.get("holder", ""), request.form.get("do", "")
    chosen = read_chosen(request.form.getlist("item"))
    if act == "letter_all" and is_id(holder_id):
        # Named one by one they would make an address longer than servers take.
        return redirect(url_for("rights.backlog_letter", holder=holder_id), 303)
    if not chosen:
        flash(_("Please choose at least one item."), "warn")
        return redirect(url_for("rights.backlog", holder=holder_id or None), 303)
    if act == "take_on":
        return _take_on([key for key, _kind in chosen])
    if not is_id(holder_id):
        raise NotFoundError
    if act == "unname":
        return _unname(holder_id, chosen)
    if act not in {"letter", "answer"}:
        raise NotFoundError
    items = [f"{key}.{kind}" for key, kind in chosen]
    return redirect(url_for(f"rights.backlog_{act}", holder=holder_id, item=items), 303)


def _take_on(recording_ids: Sequence[str]) -> Any:
    done = _each(lambda key: take_on(current_actor(), key, clock.now()), recording_ids)
    if done:
        flash(
            ngettext(
                "%(num)s item was taken on. It waits for its file, or to be reviewed, cleared "
                "and published.",
                "%(num)s items were taken on. They wait for their files, or to be reviewed, "
                "cleared and published.",
                done,
            ),
            "done",
        )
    return redirect(url_for("rights.backlog"), 303)


def _unname(holder_id: str, chosen: Sequence[tuple[str, str]]) -> Any:
    done = _each(lambda one: unname_holder(current_actor(), holder_id, one, clock.now()), chosen)
    if done:
        flash(
            ngettext(
                "The name was taken off %(num)s item.",
                "The name was taken off %(num)s items.",
                done,
            ),
            "done",
        )
    return redirect(url_for("rights.backlog"), 303)


def _each(act: Callable[[_Item], object], items: Sequence[_Item]) -> int:
    """Do something with several items, each on its own; say why the last refused one was not.

    Return with how many it was done.
    """
    done, refused = 0, ""
    for one in dict.fromkeys(items):
        try:
            with unit_of_work():
                act(one)
            done += 1
        except RightsRefusedError as error:
            refused = refusal_sentence(error)
    if refused:
        flash(refused, "warn")
    return done


@blueprint.route("/desk/rights/backlog/items/<recording_id>/holder", methods=["GET", "POST"])
@access(RIGHTS_DESK)
def backlog_holder(recording_id: str) -> Any:
    """Name a rightsholder of an item."""
    recording = managed_recording(recording_id)
    if recording.stage != Stage.RECORDED:
        raise NotFoundError
    form = HolderForm()
    if not form.is_submitted():
        form.kind.data = "slides" if recording.kind == MediaKind.PAPER else "speaker"
    elif form.validate():
        details = HolderDetails(
            name=form.name.data or "",
            kana=form.kana.data or "",
            organisation=form.organisation.data or "",
            email=form.email.data or "",
        )
        try:
            with unit_of_work():
                name_holder(current_actor(), recording_id, form.kind.data, details, clock.now())
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        except RightsRefusedError as error:
            form.refuse("", refusal_sentence(error))
        else:
            flash(_("The rightsholder was named."), "done")
            return redirect(url_for("rights.backlog"), 303)
    page = render_template("rights/backlog_holder.html", recording=recording, form=form)
    return page, 422 if form.is_submitted() else 200
