"""Attendance reports: sent, shown, applied; who is who in them; what an edition asks."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from lms.infra.db import unit_of_work
from lms.infra.web.access import STAFF, access, current_actor, found, takes_files
from lms.infra.web.locale import ui_language
from lms.infra.web.spreadsheet import csv_answer
from lms.kernel import clock
from lms.kernel.localized import pick
from lms.sessions import policy, queries
from lms.sessions.errors import ReportRefusedError, SessionInputError
from lms.sessions.forms.reports import ColumnsForm, ReadAgainForm, ReportForm, RuleForm
from lms.sessions.models import AttendanceReport, MatchState
from lms.sessions.operations.reporting import (
    SentReport,
    apply_report,
    discard_reports,
    drop_report,
    fit_of,
    keep_report,
    remember_mapping,
    set_attendance_rule,
)
from lms.sessions.queries import SessionCard, list_edition_attendance
from lms.sessions.queries.reports import (
    attendance_rule_of,
    count_reported,
    find_mapping,
    find_report,
    list_lines,
    list_reports,
    preview_report,
)
from lms.sessions.rules import reports as reading
from lms.sessions.rules.reconciling import (
    CONFIRMABLE,
    Fit,
    Reading,
    header_signature,
    read_for_session,
)
from lms.sessions.texts import WAYS, attending_text, refusal_text, status_text
from lms.sessions.texts.desk import clock_at
from lms.sessions.texts.reports import (
    FITS,
    place_name,
    report_refusal_text,
    rule_sentences,
    service_text,
    source_text,
    unreadable_text,
    warning_text,
)
from lms.sessions.views.blueprint import blueprint

NAV = "sessions.edition_sessions"
_MOST_BYTES = 20_000_000
_LINES, _PEOPLE = 100, 100
_MOST_PAGES = 10_000


@blueprint.app_template_filter("second_at")
def second_at(seconds: int, card: SessionCard) -> str:
    """Write a moment in seconds since the epoch as the time of the day at a session's place."""
    return clock_at(datetime.fromtimestamp(seconds, UTC), card)


def page_number() -> int:
    """Return the page that is asked for, the first where none is or nonsense."""
    text = request.args.get("page", "1")[:9]
    return min(max(1, int(text)), _MOST_PAGES) if text.isascii() and text.isdigit() else 1


def _mapping(chosen: Any) -> reading.ColumnMapping | None:
    return (
        reading.ColumnMapping({reading.Column(name): head for name, head in chosen.items()})
        if chosen
        else None
    )


def _read(card: SessionCard, sent: SentReport) -> reading.AttendanceReport:
    """Read a file for a session. Raises ReportUnreadableError."""
    how = Reading(
        sent.file_name,
        sent.zone,
        reading.DateOrder(sent.date_order) if sent.date_order else None,
        _mapping(sent.mapping),
    )
    return read_for_session(sent.content, how, card.starts_at, card.ends_at)


def _kept(row: AttendanceReport) -> SentReport:
    return SentReport(row.file_name, row.content or b"", row.zone, row.date_order, row.mapping)


@blueprint.route("/desk/sessions/<live_session_id>/reports", methods=["GET", "POST"])
@access(STAFF)
@takes_files
def reports(live_session_id: str) -> Any:
    """List the reports of a session and take one to be shown."""
    policy.require_organiser_of_session(current_actor(), live_session_id)
    card = queries.get_live_session(live_session_id)
    form = ReportForm(zone=card.timezone)
    if form.validate_on_submit():
        sent = form.file.data
        data = sent.stream.read(_MOST_BYTES + 1) if sent and sent.filename else b""
        if not data:
            form.refuse("file", _("Please choose a file that holds something."))
        else:
            name = "".join(c for c in sent.filename if c.isprintable())[-255:]
            answer = _take(
                card, SentReport(name, data, form.chosen_zone, str(form.date_order.data)), form
            )
            if answer is not None:
                return answer
    page = render_template(
        "sessions/reports.html",
        form=form,
        card=card,
        reports=list_reports(live_session_id),
        counts=count_reported(live_session_id),
        states=MatchState,
        service_text=service_text,
        edition_id=card.edition_id,
        nav_current=NAV,
    )
    return (page, 422) if form.is_submitted() else page


def _take(card: SessionCard, sent: SentReport, form: ReportForm) -> Any:
    """Keep a file and go on to what it says, or to its columns; None when it was refused."""
    understood = True
    try:
        sent = _understood(card, sent)
    except reading.ReportUnreadableError as error:
        if not error.headers:
            field = "zone" if error.code is reading.Unreadable.ZONE else "file"
            form.refuse(field, unreadable_text(error))
            return None
        understood = False
    with unit_of_work():
        row = keep_report(current_actor(), card.id, sent, at=clock.now())
        applied, key = row.applied_at is not None, row.id
    if applied:
        flash(_("This file was applied already. Nothing was changed."), "info")
    endpoint = "sessions.report" if understood or applied else "sessions.report_columns"
    return redirect(url_for(endpoint, live_session_id=card.id, report_id=key), 303)


def _understood(card: SessionCard, sent: SentReport) -> SentReport:
    """Return a file with what reading it found, by remembered columns where there are any."""
    try:
        report = _read(card, sent)
    except reading.ReportUnreadableError as error:
        known = find_mapping(header_signature(error.headers)) if error.headers else None
        if known is None:
            raise
        sent = SentReport(
            sent.file_name,
            sent.content,
            sent.zone,
            sent.date_order or known.date_order,
            known.mapping,
        )
        report = _read(card, sent)
    return SentReport(
        sent.file_name, sent.content, sent.zone, sent.date_order, sent.mapping,
        report.service, report.meeting.id,
    )  # fmt: skip


def _find(live_session_id: str, report_id: str) -> tuple[SessionCard, AttendanceReport]:
    policy.require_organiser_of_session(current_actor(), live_session_id)
    row = found(find_report(live_session_id, report_id))
    return queries.get_live_session(live_session_id), row


@blueprint.get("/desk/sessions/<live_session_id>/reports/<report_id>")
@access(STAFF)
def report(live_session_id: str, report_id: str) -> Any:
    """Show what a report would bring, or the lines that it brought."""
    card, row = _find(live_session_id, report_id)
    if row.applied_at is None:
        return _show(card, row, ReadAgainForm(zone=row.zone, date_order=row.date_order))
    page = page_number()
    lines, total = list_lines(row.id, page, _LINES)
    return render_template(
        "sessions/report_lines.html",
        card=card,
        kept=row,
        lines=lines,
        total=total,
        page=page,
        pages=max(1, -(-total // _LINES)),
        service_text=service_text,
        edition_id=card.edition_id,
        nav_current=NAV,
    )


def _show(
    card: SessionCard, row: AttendanceReport, form: ReadAgainForm, refusal: str | None = None
) -> Any:
    try:
        read = _read(card, _kept(row))
    except reading.ReportUnreadableError as error:
        if error.headers:
            return redirect(
                url_for("sessions.report_columns", live_session_id=card.id, report_id=row.id), 303
            )
        return redirect(url_for("sessions.reports", live_session_id=card.id), 303)
    fit = fit_of(card.id, read)
    preview = preview_report(card.id, card.edition_id, read)
    page = render_template(
        "sessions/report.html",
        form=form,
        card=card,
        kept=row,
        read=read,
        preview=preview,
        people=preview.people[:_PEOPLE],
        warnings=[warning_text(warning) for warning in read.warnings],
        fit=fit,
        fit_sentence=FITS.get(fit, ""),
        fits=fit is Fit.FITS,
        confirmable=fit in CONFIRMABLE,
        refusal=refusal,
        service_text=service_text,
        edition_id=card.edition_id,
        nav_current=NAV,
    )
    return (page, 422) if form.errors or refusal else page


@blueprint.post("/desk/sessions/<live_session_id>/reports/<report_id>/reading")
@access(STAFF)
def read_report_again(live_session_id: str, report_id: str) -> Any:
    """Read a report that is only shown in another zone or order of dates."""
    card, row = _find(live_session_id, report_id)
    if row.applied_at is not None:
        raise ReportRefusedError("report_applied")
    form = ReadAgainForm()
    if form.validate_on_submit():
        before = _kept(row)
        sent = SentReport(
            before.file_name, before.content, form.chosen_zone, str(form.date_order.data),
            before.mapping,
        )  # fmt: skip
        try:
            sent = _understood(card, sent)
        except reading.ReportUnreadableError as error:
            field = "zone" if error.code is reading.Unreadable.ZONE else "date_order"
            form.refuse(field, unreadable_text(error))
        else:
            with unit_of_work():
                keep_report(current_actor(), live_session_id, sent, at=clock.now())
            return redirect(
                url_for("sessions.report", live_session_id=card.id, report_id=report_id), 303
            )
    return _show(card, row, form)


@blueprint.route(
    "/desk/sessions/<live_session_id>/reports/<report_id>/columns", methods=["GET", "POST"]
)
@access(STAFF)
def report_columns(live_session_id: str, report_id: str) -> Any:
    """Tell the columns of a table apart that no reader knows."""
    card, row = _find(live_session_id, report_id)
    if row.applied_at is not None:
        raise ReportRefusedError("report_applied")
    plain = SentReport(row.file_name, row.content or b"", row.zone)
    try:
        _read(card, plain)
    except reading.ReportUnreadableError as error:
        headers = error.headers
    else:
        headers = ()
    if not headers:
        return redirect(
            url_for("sessions.report", live_session_id=card.id, report_id=report_id), 303
        )
    form = ColumnsForm(zone=row.zone, date_order=row.date_order, **row.mapping)
    form.set_headers(headers)
    if form.validate_on_submit() and _map(card, plain, form, headers):
        return redirect(
            url_for("sessions.report", live_session_id=card.id, report_id=report_id), 303
        )
    page = render_template(
        "sessions/report_columns.html",
        form=form,
        card=card,
        kept=row,
        headers=headers,
        edition_id=card.edition_id,
        nav_current=NAV,
    )
    return (page, 422) if form.is_submitted() else page


def _map(card: SessionCard, plain: SentReport, form: ColumnsForm, headers: Sequence[str]) -> bool:
    """Read a table by the columns chosen and remember them; False when they do not fit."""
    chosen, order = form.chosen(), str(form.date_order.data)
    sent = SentReport(plain.file_name, plain.content, form.chosen_zone, order, chosen)
    try:
        read = _read(card, sent)
    except reading.ReportUnreadableError as error:
        field = "zone" if error.code is reading.Unreadable.ZONE else ""
        form.refuse(field, unreadable_text(error))
        return False
    at = clock.now()
    with unit_of_work():
        keep_report(
            current_actor(),
            card.id,
            SentReport(
                sent.file_name, sent.content, sent.zone, order, chosen, read.service,
                read.meeting.id,
            ),
            at=at,
        )  # fmt: skip
        remember_mapping(current_actor(), header_signature(headers), chosen, order, at=at)
    return True


@blueprint.post("/desk/sessions/<live_session_id>/reports/<report_id>/apply")
@access(STAFF)
def apply(live_session_id: str, report_id: str) -> Any:
    """Let a report count that was shown."""
    card, row = _find(live_session_id, report_id)
    if row.applied_at is not None:
        raise ReportRefusedError("report_applied")
    form = ReadAgainForm(None, zone=row.zone, date_order=row.date_order)
    try:
        read = _read(card, _kept(row))
        with unit_of_work():
            applied = apply_report(
                current_actor(),
                live_session_id,
                report_id,
                read,
                is_confirmed=bool(request.form.get("confirmed")),
                at=clock.now(),
            )
    except reading.ReportUnreadableError as error:
        return _show(card, row, form, unreadable_text(error))
    except ReportRefusedError as error:
        return _show(card, row, form, report_refusal_text(error))
    flash(
        ngettext(
            "%(num)s row of the report is new.", "%(num)s rows of the report are new.",
            applied.new_rows,
        ),
        "done",
    )  # fmt: skip
    if applied.waiting:
        flash(
            ngettext(
                "%(num)s person waits to be told apart.", "%(num)s people wait to be told apart.",
                applied.waiting,
            ),
            "warn",
        )  # fmt: skip
        return redirect(url_for("sessions.reconciliation", live_session_id=card.id), 303)
    return redirect(url_for("sessions.attendance", live_session_id=card.id), 303)


@blueprint.post("/desk/sessions/<live_session_id>/reports/<report_id>/drop")
@access(STAFF)
def drop(live_session_id: str, report_id: str) -> Any:
    """Forget a report that was only shown."""
    _find(live_session_id, report_id)
    with unit_of_work():
        drop_report(current_actor(), live_session_id, report_id)
    flash(_("The file was dropped. Nothing was changed."), "info")
    return redirect(url_for("sessions.reports", live_session_id=live_session_id), 303)


@blueprint.post("/desk/sessions/<live_session_id>/reports/discard")
@access(STAFF)
def discard(live_session_id: str) -> Any:
    """Take all reports of a session away again."""
    policy.require_organiser_of_session(current_actor(), live_session_id)
    with unit_of_work():
        discard_reports(current_actor(), live_session_id, at=clock.now())
    flash(_("All reports of this session were taken away."), "done")
    return redirect(url_for("sessions.reports", live_session_id=live_session_id), 303)


# --- what an edition asks, and its attendance as a table


@blueprint.route("/desk/editions/<edition_id>/attendance-rule", methods=["GET", "POST"])
@access(STAFF)
def attendance_rule(edition_id: str) -> Any:
    """Set what an edition asks of those who were there."""
    actor = current_actor()
    edition = policy.require_organiser_of_edition(actor, edition_id)
    rule = attendance_rule_of(edition.edition_id)
    form = RuleForm(obj=rule)
    if form.validate_on_submit():
        try:
            with unit_of_work():
                changed = set_attendance_rule(actor, edition_id, form.rule(), at=clock.now())
        except SessionInputError as error:
            form.refuse(error.field, refusal_text(error) or "")
        else:
            if changed:
                flash(_("The rule was saved, and everyone was judged again by it."), "done")
            else:
                flash(_("Nothing was different, so nothing was changed."), "info")
            return redirect(url_for("sessions.attendance_rule", edition_id=edition_id), 303)
    page = render_template(
        "sessions/attendance_rule.html",
        form=form,
        edition=edition,
        sentences=rule_sentences(rule),
        edition_id=edition_id,
        nav_current=NAV,
    )
    return (page, 422) if form.is_submitted() else page


@blueprint.get("/desk/editions/<edition_id>/attendance.csv")
@access(STAFF)
def attendance_csv(edition_id: str) -> Any:
    """Give the attendance of an edition: one line for each person and session."""
    edition = policy.require_organiser_of_edition(current_actor(), edition_id)
    heads = [
        str(head)
        for head in (
            _("Session"), _("Day"), _("Starts"), _("Organisation"), _("Name"), _("Kana"),
            _("Attendance status"), _("Took part"), _("Minutes"), _("Evidence"), _("Reason"),
        )
    ]  # fmt: skip
    return csv_answer("attendance.csv", heads, _csv_rows(edition.edition_id))


def _csv_rows(edition_id: str) -> Iterator[Sequence[str]]:
    language = ui_language()
    for card, rows in list_edition_attendance(edition_id):
        title = pick(card.title, language).text
        for row in rows:
            decision = row.decision
            yield (
                title,
                f"{card.starts_local:%Y-%m-%d}",
                f"{card.starts_local:%H:%M}",
                place_name(row.organisation),
                row.name,
                row.kana,
                status_text(decision.status),
                attending_text(decision.way) if decision.way in WAYS else "",
                "" if decision.minutes is None else str(decision.minutes),
                source_text(row.evidence),
                row.hand_reason,
            )
