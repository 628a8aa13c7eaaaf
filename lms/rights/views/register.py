"""The register of rights (権利台帳), on the page and as CSV."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import render_template
from flask_babel import gettext as _

from lms.infra.web.access import access, current_actor
from lms.infra.web.locale import ui_language
from lms.infra.web.spreadsheet import csv_answer
from lms.kernel import clock
from lms.kernel.localized import pick
from lms.recordings.texts import stage_text
from lms.rights.errors import BadFactsError
from lms.rights.queries.register import (
    RegisterRow,
    Show,
    Wanted,
    list_places,
    list_register,
    read_rows,
)
from lms.rights.rules.consent import ConsentTerms
from lms.rights.texts.consent import terms_rows
from lms.rights.texts.desk import (
    KINDS,
    STANDINGS,
    actions_text,
    obligation_texts,
    reach_text,
    window_text,
)
from lms.rights.texts.register import (
    SHOWS,
    article_text,
    basis_text,
    copies_texts,
    reminder_text,
    segment_text,
)
from lms.rights.views.blueprint import blueprint
from lms.rights.views.choices import organisation_names
from lms.rights.views.readers import RIGHTS_READERS, argument, page_number

_CHUNK = 200


def _wanted() -> Wanted:
    show, kind = argument("show"), argument("kind")
    return Wanted(
        show=Show(show) if show in set(Show) else Show.ALL,
        search=argument("q"),
        kind=kind if kind in KINDS else "",
    )


@blueprint.get("/desk/rights/register")
@access(RIGHTS_READERS)
def register() -> Any:
    """List every agreement over every recording that the reader looks after."""
    at, wanted = clock.now(), _wanted()
    found = list_register(current_actor(), wanted, page_number(), at)
    words = _Words(organisation_names(), ui_language())
    return render_template(
        "rights/register.html",
        found=found,
        wanted=wanted,
        details=[(row, words.pairs(row)) for row in found.rows],
        shows=[(show.value, text) for show, text in SHOWS.items()],
        kinds=[("", _("All kinds")), *KINDS.items()],
        kept={
            name: value
            for name, value in (("q", wanted.search), ("show", wanted.show.value),
                                ("kind", wanted.kind))
            if value
        },
        words=words,
    )  # fmt: skip


@blueprint.get("/desk/rights/register.csv")
@access(RIGHTS_READERS)
def register_csv() -> Any:
    """Give the same rows as CSV, one line an agreement."""
    at = clock.now()
    places = list_places(current_actor(), _wanted(), at)
    words = _Words(organisation_names(), ui_language())
    heads = [name for name, _value in words.columns(None)]
    name = f"rights-register-{clock.day_in(at):%Y%m%d}.csv"
    return csv_answer(name, heads, _csv_rows(places, words, at))


def _csv_rows(places: Sequence[Any], words: "_Words", at: datetime) -> Iterator[list[str]]:
    for start in range(0, len(places), _CHUNK):
        for row in read_rows(places[start : start + _CHUNK], at):
            yield [value for _name, value in words.columns(row)]


class _Words:
    """Writes the parts of a row in the reader's language."""

    def __init__(self, names: Mapping[str, str], language: str):
        self._names = names
        self._language = language

    def reach(self, row: RegisterRow) -> str:
        scope = row.line.scope if row.line else None
        if scope is None:
            return ""
        text = reach_text(scope.reach, scope.orgs, self._names, self._language)
        return f"{text} · {_('enrolled participants only')}" if scope.enrolled_only else text

    def window(self, row: RegisterRow) -> str:
        scope = row.line.scope if row.line else None
        return "" if scope is None else window_text(scope.opens, scope.closes, self._language)

    def standing(self, row: RegisterRow) -> str:
        return str(STANDINGS[row.line.standing]) if row.line else str(_("No agreement"))

    def pairs(self, row: RegisterRow) -> list[tuple[str, str]]:
        """Return what the folded part of a row shows: everything that its columns do not."""
        shown = {
            _("Rightsholder"), _("Kind"), _("Recording or handout"), _("Course"), _("State"),
            _("Uses"), _("For whom"), _("Period"), _("Days left"),
        }  # fmt: skip
        return [(name, value) for name, value in self.columns(row) if value and name not in shown]

    def columns(self, row: RegisterRow | None) -> list[tuple[str, str]]:
        """Return (head, value) of every column of the register; values '' without a row."""
        return [*self._who(row), *self._what(row), *self._terms(row), *self._around(row)]

    def _who(self, row: RegisterRow | None) -> list[tuple[str, str]]:
        agreement = row.agreement if row else None
        holder = row.holder if row else None
        return [
            (_("Rightsholder"), agreement.holder_name if agreement else ""),
            (_("Reading of the name"), holder.kana if holder else ""),
            (_("Organisation"), holder.organisation if holder else ""),
            (_("Kind"), str(KINDS.get(agreement.kind, agreement.kind)) if agreement else ""),
            (_("Agreement ID"), agreement.id if agreement else ""),
        ]

    def _what(self, row: RegisterRow | None) -> list[tuple[str, str]]:
        title = pick(row.recording.title, self._language).text if row else ""
        course = ""
        if row:
            parts = [pick(one.title, self._language).text for one in (row.programme, row.edition)]
            course = " ".join(part for part in parts if part)
        recorded = row.recording.recorded_on if row else None
        return [
            (_("Recording or handout"), title),
            (_("Course"), course),
            (_("Recorded on"), f"{recorded:%Y-%m-%d}" if recorded else ""),
            (_("Stage"), stage_text(row.recording.stage) if row else ""),
            (_("State"), self.standing(row) if row else ""),
        ]

    def _terms(self, row: RegisterRow | None) -> list[tuple[str, str]]:
        agreement, line = (row.agreement, row.line) if row else (None, None)
        scope = line.scope if line else None
        actions = scope.actions if scope else frozenset()
        duties = scope.obligations if scope else ()
        credit = [one for one in duties if one.startswith("attribution:")]
        others = [one for one in duties if not one.startswith("attribution:")]
        consent_at = agreement.recording_consent_at if agreement else None
        never = [actions_text(one.actions) for one in line.prohibitions] if line else []
        return [
            (_("Basis"), basis_text(agreement.basis) if agreement else ""),
            (_("Citation"), agreement.citation if agreement else ""),
            (_("Law"), article_text(agreement.kind, agreement.basis, actions) if agreement else ""),
            (_("Signed on"), f"{line.signed_on:%Y-%m-%d}" if line and line.signed_on else ""),
            (_("Agreed to be recorded"), _day(consent_at)),
            (_("Document"), agreement.document_name if agreement else ""),
            (_("SHA-256 of the document"), agreement.document_sha256 if agreement else ""),
            (_("Uses"), actions_text(actions) if scope else ""),
            (_("Never"), "; ".join(never)),
            (_("For whom"), self.reach(row) if row else ""),
            (_("Territory"), ", ".join(sorted(scope.territory or ("WORLD",))) if scope else ""),
            (_("Period"), self.window(row) if row else ""),
            (_("Days left"), str(line.days_left) if line and line.days_left is not None else ""),
            (_("Views a person at most"), str(line.max_views or "") if line else ""),
            (_("Obligations"), ", ".join(obligation_texts(others))),
            (_("Credit"), ", ".join(one.removeprefix("attribution:") for one in credit)
             or (agreement.attribution if agreement else "")),
            (_("Terms agreed"), self._agreed(agreement.answers) if agreement else ""),
            (_("Withdrawal"), self._withdrawn(row) if row else ""),
        ]  # fmt: skip

    def _around(self, row: RegisterRow | None) -> list[tuple[str, str]]:
        segments = [segment_text(one, row.recording) for one in row.segments] if row else []
        reminders = [reminder_text(*one, self._language) for one in row.reminders] if row else []
        reminders += [
            reminder_text("renewal", int(days), request.due_on, self._language)
            for request in (row.requests if row else ())
            for days in request.reminded
            if request.due_on is not None and str(days).isdigit()
        ]
        return [
            (_("Segments"), "; ".join(segments)),
            (_("Copies"), "; ".join(copies_texts(row.copies)) if row else ""),
            (_("SHA-256 of the file"), row.copies.sha256 if row else ""),
            (_("Reminders sent"), "; ".join(reminders)),
            (_("Responsible"), row.responsible if row else ""),
            (_("Publication exceeds the rights"), _("yes") if row and row.exceeds else ""),
            (_("Enrolled outside the territory"), str(row.foreign) if row and row.foreign else ""),
            (_("Note"), row.agreement.note if row and row.agreement else ""),
        ]

    def _agreed(self, answers: Mapping[str, Any]) -> str:
        """Return what was answered, or else asked, item by item in the consent form."""
        given = answers.get("given") or answers.get("asked")
        if not isinstance(given, dict):
            return ""
        try:
            terms = ConsentTerms.from_json(given)
        except BadFactsError:  # of another hand than the form's: told as it stands
            return json.dumps(given, ensure_ascii=False, sort_keys=True)
        rows = terms_rows(terms, self._names, self._language)
        return "; ".join(f"{name}: {words}" for name, words in rows)

    def _withdrawn(self, row: RegisterRow) -> str:
        ends = sorted(row.withdrawn_on)
        return ", ".join(f"{day:%Y-%m-%d}" for day in ends)


def _day(moment: datetime | None) -> str:
    return f"{clock.day_in(moment):%Y-%m-%d}" if moment else ""
