"""Sheets of the backlog: sent, shown row by row, entered once confirmed."""

from collections.abc import Sequence
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from lms.courses.queries import list_entries
from lms.infra.db import unit_of_work
from lms.infra.web.access import RIGHTS_DESK, access, current_actor, found, takes_files
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError
from lms.kernel.localized import pick
from lms.recordings.texts import kind_text
from lms.rights.errors import RightsRefusedError
from lms.rights.forms.backlog import PlaceForm, SheetForm
from lms.rights.models import ShelfImport
from lms.rights.operations.shelving import (
    MAX_BYTES,
    SheetFaultError,
    choose_place,
    drop_sheet,
    judge_import,
    keep_sheet,
    read_file,
    take_sheet,
    template_csv,
    template_workbook,
)
from lms.rights.queries.backlog import PlaceChoice, find_import, list_place_choices
from lms.rights.rules.shelf import JudgedRow, Place, RowState, Sheet, SheetFault, count_states
from lms.rights.texts.backlog import ROW_CHIPS, ROW_STATES, row_fault_text, sheet_fault_text
from lms.rights.texts.desk import KINDS
from lms.rights.views.blueprint import blueprint
from lms.rights.views.readers import argument, page_number

_PAGE = 100
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _place_choices() -> list[tuple[str, str]]:
    language = ui_language()

    def name(one: PlaceChoice) -> str:
        title = pick(one.title, language).text
        if one.edition_id is None:
            return str(_("%(course)s: archive", course=title))
        return f"{title} {pick(one.edition_title, language).text}"

    return [
        ("", _("Nowhere: every row names its course")),
        *((_value(one.edition_id, one.programme_id), name(one))
          for one in list_place_choices(current_actor())),
    ]  # fmt: skip


def _value(edition_id: str | None, programme_id: str | None) -> str:
    if edition_id:
        return f"edition:{edition_id}"
    return f"programme:{programme_id}" if programme_id else ""


def _place(value: str) -> Place | None:
    kind, _colon, key = value.partition(":")
    if kind == "edition":
        return Place(edition_id=key)
    return Place(programme_id=key) if kind == "programme" else None


@blueprint.route("/desk/rights/backlog/import", methods=["GET", "POST"])
@access(RIGHTS_DESK)
@takes_files
def backlog_import() -> Any:
    """Take a sheet and show what it would do; nothing is entered yet."""
    form = SheetForm()
    form.set_places(_place_choices())
    if form.validate_on_submit():
        try:
            name, sheet, sha256 = _read_sent(form.sheet.data)
            with unit_of_work():
                kept = keep_sheet(
                    current_actor(), name, sheet, clock.now(),
                    sha256=sha256, fallback=_place(form.place.data or ""),
                )  # fmt: skip
                address = url_for(
                    "rights.backlog_preview", import_id=kept.id, ignored=list(sheet.ignored)[:10]
                )
        except SheetFaultError as error:
            form.refuse("sheet", sheet_fault_text(error.fault, error.facts))
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        else:
            return redirect(address, 303)
    page = render_template(
        "rights/backlog_import.html", form=form, max_mb=MAX_BYTES // 1_000_000, holder_kinds=KINDS
    )
    return page, 422 if form.is_submitted() else 200


def _read_sent(sent: Any) -> tuple[str, Sheet, str]:
    """Return name, rows and SHA-256 of what was sent. Raises SheetFaultError."""
    if not sent or not sent.filename:
        raise SheetFaultError(SheetFault.MISSING)
    # One byte more than is taken, so that a larger file is known as such.
    sheet, sha256 = read_file(sent.stream.read(MAX_BYTES + 1))
    return sent.filename, sheet, sha256


@blueprint.get("/desk/rights/backlog/template.xlsx")
@access(RIGHTS_DESK)
def backlog_template_xlsx() -> Any:
    """Give the empty sheet as a workbook, in the reader's language."""
    return _download(template_workbook(ui_language()), _XLSX, "xlsx")


@blueprint.get("/desk/rights/backlog/template.csv")
@access(RIGHTS_DESK)
def backlog_template_csv() -> Any:
    """Give the empty sheet as CSV, in the reader's language."""
    return _download(template_csv(ui_language()), "text/csv; charset=utf-8", "csv")


def _download(content: bytes, mimetype: str, ending: str) -> Response:
    name = f"backlog-{ui_language()}.{ending}"
    return Response(
        content,
        content_type=mimetype,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        },
    )


@blueprint.get("/desk/rights/backlog/imports/<import_id>")
@access(RIGHTS_DESK)
def backlog_preview(import_id: str) -> Any:
    """Show row by row what a sheet would do."""
    kept = found(find_import(current_actor(), import_id))
    if kept.state != "preview":
        return redirect(url_for("rights.backlog"), 303)
    return _show(kept)


@blueprint.post("/desk/rights/backlog/imports/<import_id>/place")
@access(RIGHTS_DESK)
def backlog_place(import_id: str) -> Any:
    """Choose where rows go that name no course."""
    kept = found(find_import(current_actor(), import_id))
    form = PlaceForm()
    form.set_places(_place_choices())
    if form.validate_on_submit():
        with unit_of_work():
            choose_place(current_actor(), import_id, _place(form.place.data or ""))
        return redirect(url_for("rights.backlog_preview", import_id=import_id), 303)
    return _show(kept, form)


@blueprint.post("/desk/rights/backlog/imports/<import_id>/confirm")
@access(RIGHTS_DESK)
def backlog_confirm(import_id: str) -> Any:
    """Enter the rows that are new and sound."""
    kept = found(find_import(current_actor(), import_id))
    try:
        with unit_of_work():
            taken = take_sheet(current_actor(), import_id, clock.now())
    except RightsRefusedError as error:
        if error.code == "import_over":
            raise
        flash(refusal_sentence(error), "danger")
        return _show(kept)[0], 409
    flash(ngettext("%(num)s item was entered.", "%(num)s items were entered.", taken.made), "done")
    if taken.known:
        flash(
            ngettext(
                "%(num)s row was here already.", "%(num)s rows were here already.", taken.known
            ),
            "info",
        )
    if taken.faulty:
        flash(
            ngettext(
                "%(num)s row was left out. Correct it in the list and send the list again: what "
                "is here already stays as it is.",
                "%(num)s rows were left out. Correct them in the list and send the list again: "
                "what is here already stays as it is.",
                taken.faulty,
            ),
            "warn",
        )
    return redirect(url_for("rights.backlog"), 303)


@blueprint.post("/desk/rights/backlog/imports/<import_id>/drop")
@access(RIGHTS_DESK)
def backlog_drop(import_id: str) -> Any:
    """Forget a sheet that was shown."""
    found(find_import(current_actor(), import_id))
    with unit_of_work():
        drop_sheet(current_actor(), import_id)
    flash(_("The list was dropped. Nothing was entered."), "info")
    return redirect(url_for("rights.backlog"), 303)


def _show(kept: ShelfImport, form: PlaceForm | None = None) -> Any:
    judged = judge_import(current_actor(), kept, clock.now())
    counts = count_states(judged)
    shown = argument("show")
    wanted = RowState(shown) if shown in set(RowState) else None
    # What has to be corrected stands first.
    order = {RowState.FAULTY: 0, RowState.NEW: 1, RowState.KNOWN: 2}
    rows = sorted(
        (one for one in judged if wanted in {None, one.state}),
        key=lambda one: (order[one.state], not one.cautions, one.row.line),
    )
    pages = max(1, -(-len(rows) // _PAGE))
    page = min(max(1, page_number()), pages)
    rows = rows[(page - 1) * _PAGE : page * _PAGE]
    if form is None:
        form = PlaceForm(None, place=_value(kept.edition_id, kept.programme_id))
        form.set_places(_place_choices())
    body = render_template(
        "rights/backlog_preview.html",
        kept=kept,
        rows=rows,
        counts=counts,
        total=len(judged),
        new=counts[RowState.NEW],
        shown=shown if wanted else "",
        states=ROW_STATES,
        chips=ROW_CHIPS,
        fault_text=row_fault_text,
        kind_text=kind_text,
        holder_kinds=KINDS,
        places=_place_names(rows),
        ignored=[text[:60] for text in request.args.getlist("ignored")[:10]],
        form=form,
        page=page,
        pages=pages,
    )
    return body, 422 if form.errors else 200


def _place_names(rows: Sequence[JudgedRow]) -> dict[Place, str]:
    """Return the names of the places of the rows shown, in two queries."""
    language = ui_language()
    places = {one.place for one in rows if one.place is not None}
    entries = list_entries([place.edition_id for place in places if place.edition_id])
    titles = {one.programme_id: one for one in list_place_choices(current_actor())}
    names = {}
    for place in places:
        if place.edition_id is not None and place.edition_id in entries:
            entry = entries[place.edition_id]
            names[place] = " ".join(
                pick(title, language).text for title in (entry.programme.title, entry.edition.title)
            )
        elif place.programme_id in titles:
            title = pick(titles[place.programme_id].title, language).text
            names[place] = str(_("%(course)s: archive (will be made)", course=title))
    return names
