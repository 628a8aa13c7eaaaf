"""Who has met what in an edition."""

import csv
import io
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.completion.operations import confirm_requirement, issue_missing_certificate
from lms.completion.queries import EditionRule, Enrolled, list_completion
from lms.completion.rules import RequirementState, RouteKind
from lms.completion.texts import STATE_CHIPS, STATES, WAYS, counted_text
from lms.completion.views.blueprint import blueprint, own_entry
from lms.infra.db import unit_of_work
from lms.infra.web.access import STAFF, access, current_actor, found
from lms.infra.web.forms import TomoniForm
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.ids import PersonId
from lms.kernel.localized import pick
from lms.people.queries import is_id

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
STATE_ICONS = {
    RequirementState.DONE: "check-circle",
    RequirementState.PART: "circle-half",
    RequirementState.TODO: "circle",
}


@blueprint.get("/desk/editions/<edition_id>/completion/people")
@access(STAFF)
def people(edition_id: str) -> Any:
    """Everyone of an edition with the state of every requirement."""
    entry = own_entry(edition_id)
    rule, rows = list_completion(edition_id)
    return render_template(
        "completion/people.html",
        entry=entry,
        edition_id=edition_id,
        rule=rule,
        rows=rows,
        counts=_counts(rule, rows),
        earned=sum(row.is_earned for row in rows),
        by_hand=_by_hand(rule),
        states=STATES,
        chips=STATE_CHIPS,
        icons=STATE_ICONS,
        ways=WAYS,
        counted=counted_text,
        done=RequirementState.DONE,
        confirmed=RouteKind.CONFIRMED,
        nav_current="completion.edition_rule",
    )


def _counts(rule: EditionRule | None, rows: Iterable[Enrolled]) -> list[int]:
    people_rows = list(rows)
    return [
        sum(row.cells[place].state is RequirementState.DONE for row in people_rows)
        for place in range(len(rule.lines) if rule else 0)
    ]


def _by_hand(rule: EditionRule | None) -> set[str]:
    """Return the requirements that an organiser may confirm."""
    return {
        line.id
        for line in (rule.lines if rule else ())
        if any(route.kind is RouteKind.CONFIRMED for route in line.facts.routes)
    }


@blueprint.post("/desk/editions/<edition_id>/completion/people/confirm")
@access(STAFF)
def confirm(edition_id: str) -> Any:
    """Confirm by hand that a person met a requirement, or take that back."""
    own_entry(edition_id)
    form = TomoniForm()
    requirement_id = request.form.get("requirement", "")
    person_id = request.form.get("person", "")
    rule, _rows = list_completion(edition_id)
    found((is_id(person_id) and requirement_id in _by_hand(rule)) or None)
    if form.validate_on_submit():
        confirmed = request.form.get("confirmed") == "1"
        with unit_of_work():
            confirm_requirement(
                current_actor(),
                requirement_id,
                PersonId(person_id),
                confirmed=confirmed,
                at=clock.now(),
            )
        flash(_("Confirmed.") if confirmed else _("The confirmation is taken back."), "done")
    return redirect(url_for("completion.people", edition_id=edition_id), 303)


@blueprint.post("/desk/editions/<edition_id>/completion/people/certificate")
@access(STAFF)
def issue(edition_id: str) -> Any:
    """Issue the certificate of a completion that has none."""
    own_entry(edition_id)
    form = TomoniForm()
    achievement_id = request.form.get("achievement", "")
    _rule, rows = list_completion(edition_id)
    found(any(row.achievement_id == achievement_id for row in rows) or None)
    if form.validate_on_submit():
        with unit_of_work():
            issue_missing_certificate(current_actor(), achievement_id, at=clock.now())
        flash(_("The certificate is issued."), "done")
    return redirect(url_for("completion.people", edition_id=edition_id), 303)


def guarded(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


@blueprint.get("/desk/editions/<edition_id>/completion/people.csv")
@access(STAFF)
def people_csv(edition_id: str) -> Any:
    """Give the same table as a file for spreadsheets, in the reader's language."""
    entry = own_entry(edition_id)
    rule, rows = list_completion(edition_id)
    lines = rule.lines if rule else ()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    head = [
        _("Name"), _("Kana"), _("Completion"), _("Completed on"),
        *(pick(line.title, ui_language()).text for line in lines),
    ]  # fmt: skip
    writer.writerow([guarded(str(cell)) for cell in head])
    for row in rows:
        earned = row.standing.earned_at
        standing = (
            _("Revoked")
            if row.standing.revoked_at
            else _("Completed")
            if earned
            else _("Not completed")
        )
        cells = [
            row.name.shown,
            row.name.kana,
            standing,
            row.earned_on.isoformat() if row.earned_on else "",
            *(STATES[cell.state] for cell in row.cells),
        ]
        writer.writerow([guarded(str(cell)) for cell in cells])
    name = _("completion-%(edition)s.csv", edition=entry.edition.slug)
    return Response(
        out.getvalue().encode("utf-8-sig"),
        mimetype="text/csv",
        headers={
            "Content-Disposition": 'attachment; filename="completion.csv"; '
            f"filename*=UTF-8''{quote(name)}"
        },
    )
