"""The decision log of a recording and of a person, on the page and as CSV."""

from collections.abc import Iterator
from datetime import UTC
from typing import Any

from flask import redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import Select

from lms.infra.audit import record_act
from lms.infra.db import unit_of_work
from lms.infra.web.access import AUDITOR, RIGHTS_DESK, access, current_actor
from lms.infra.web.locale import ui_language
from lms.infra.web.spreadsheet import csv_answer
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.localized import pick
from lms.people.queries import is_id
from lms.recordings.models import Recording
from lms.recordings.queries import get_recording
from lms.rights.forms import ReasonForm
from lms.rights.operations.evidencing import open_evidence
from lms.rights.policy import may_view_evidence, require_evidence_reader, require_evidence_viewer
from lms.rights.queries.evidence import (
    Group,
    LogFilter,
    find_people_named,
    list_codes,
    person_log,
    read_log,
    recording_log,
    stream_log,
)
from lms.rights.texts.evidence import (
    GROUP_CHIPS,
    GROUPS,
    code_text,
    details_text,
    permission_text,
)
from lms.rights.views.blueprint import blueprint
from lms.rights.views.readers import RIGHTS_READERS, argument, page_number


def _wanted() -> LogFilter:
    group = argument("group")
    return LogFilter(
        person=argument("person"),
        code=argument("code"),
        group=group if group in set(Group) else "",
    )


def _kept(wanted: LogFilter) -> dict[str, str]:
    return {name: value for name in ("person", "code", "group") if (value := getattr(wanted, name))}


def _readable(recording_id: str) -> Recording:
    if not is_id(recording_id):
        raise NotFoundError
    recording = get_recording(recording_id)
    require_evidence_reader(current_actor(), recording)
    return recording


def _words() -> dict[str, Any]:
    language = ui_language()
    return {
        "groups": [("", _("Everything")), *((g.value, text) for g, text in GROUPS.items())],
        "group_names": GROUPS,
        "group_chips": GROUP_CHIPS,
        "code_text": code_text,
        "details_text": details_text,
        "permission_text": lambda entry: permission_text(entry, language),
    }


@blueprint.get("/desk/recordings/<recording_id>/evidence")
@access(RIGHTS_READERS)
def evidence(recording_id: str) -> Any:
    """Show everything that was decided about a recording, newest first."""
    recording, wanted = _readable(recording_id), _wanted()
    return render_template(
        "rights/evidence.html",
        recording=recording,
        person=None,
        people=(),
        found=read_log(recording_log(recording.id, wanted), page_number()),
        wanted=wanted,
        kept=_kept(wanted),
        codes=[
            ("", _("All codes")),
            *((code, f"{code} ({count})") for code, count in list_codes(recording.id)),
        ],
        may_open=RIGHTS_DESK.admits(current_actor()),
        may_audit=AUDITOR.admits(current_actor()),
        evidence_form=ReasonForm(None, prefix="evidence")
        if may_view_evidence(current_actor(), recording)
        else None,
        **_words(),
    )


@blueprint.get("/desk/recordings/<recording_id>/evidence.csv")
@access(RIGHTS_READERS)
def evidence_csv(recording_id: str) -> Any:
    """Give the same log as CSV; that it was taken away is logged itself."""
    recording, wanted = _readable(recording_id), _wanted()
    at = clock.now()
    with unit_of_work():
        record_act(
            current_actor(), "rights.evidence_exported", "recording", recording.id, at=at,
            filter=_kept(wanted),
        )  # fmt: skip
    name = f"evidence-{recording.id}-{clock.day_in(at):%Y%m%d}.csv"
    return csv_answer(name, _heads(), _rows(recording_log(recording.id, wanted)))


@blueprint.post("/desk/recordings/<recording_id>/evidence/open")
@access(RIGHTS_DESK)
def open_as_evidence(recording_id: str) -> Any:
    """Let a rights officer see it as evidence, for a reason, and lead there."""
    require_evidence_viewer(current_actor(), _readable(recording_id))
    form = ReasonForm(prefix="evidence")
    if not form.validate_on_submit():
        raise InvalidInputError("reason", "reason_missing")
    with unit_of_work():
        open_evidence(current_actor(), recording_id, form.reason.data or "", clock.now())
    return redirect(url_for("watching.watch", recording_id=recording_id), 303)


@blueprint.get("/desk/rights/evidence")
@access(RIGHTS_READERS)
def person_evidence() -> Any:
    """Show what one person saw or was refused, over all recordings looked after."""
    wanted = _wanted()
    people = find_people_named(current_actor(), wanted.person) if wanted.person else []
    person = people[0] if len(people) == 1 else None
    found = None
    if person is not None:
        found = read_log(person_log(current_actor(), person[0], wanted), page_number())
    return render_template(
        "rights/evidence.html",
        recording=None,
        person=person,
        people=people if person is None else (),
        found=found,
        wanted=wanted,
        kept=_kept(wanted),
        codes=(),
        may_open=RIGHTS_DESK.admits(current_actor()),
        may_audit=AUDITOR.admits(current_actor()),
        **_words(),
    )


@blueprint.get("/desk/rights/evidence.csv")
@access(RIGHTS_READERS)
def person_evidence_csv() -> Any:
    """Give one person's log as CSV (`?person=` an id); that it was taken away is logged."""
    wanted, at = _wanted(), clock.now()
    if not is_id(wanted.person) or not find_people_named(current_actor(), wanted.person):
        raise NotFoundError
    with unit_of_work():
        record_act(current_actor(), "rights.evidence_exported", "person", wanted.person, at=at)
    name = f"evidence-{wanted.person}-{clock.day_in(at):%Y%m%d}.csv"
    return csv_answer(name, _heads(), _rows(person_log(current_actor(), wanted.person, wanted)))


def _heads() -> list[str]:
    return [
        _("Position in the chain"), _("Moment (UTC)"), _("What"), _("Act"), _("Code"),
        _("Meaning"), _("Actor ID"), _("Actor"), _("Recording or handout"), _("Permission"),
        _("Details"), _("Hash"),
    ]  # fmt: skip


def _rows(query: Select[Any]) -> Iterator[list[str]]:
    language = ui_language()
    for part in stream_log(query):
        for entry in part:
            yield [
                "" if entry.position is None else str(entry.position),
                f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
                str(GROUPS[entry.group]),
                entry.action,
                entry.code,
                code_text(entry.code),
                entry.actor_id or "",
                entry.name,
                pick(entry.title, language).text,
                permission_text(entry, language),
                details_text(entry),
                entry.hash,
            ]
