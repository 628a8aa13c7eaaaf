"""The auditor's desk."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from flask import Response, render_template, stream_with_context
from flask_babel import gettext as _

from lms.infra.db import db
from lms.infra.web.access import AUDITOR, access, current_actor
from lms.kernel import clock
from lms.notifications import policy, queries
from lms.notifications.queries import AuditFilter
from lms.notifications.views.blueprint import argument, blueprint, page_number

_CHUNK = 500


def _wanted() -> AuditFilter:
    return AuditFilter(
        actor=argument("actor"), action=argument("action"), subject=argument("subject")
    )


@blueprint.get("/desk/audit")
@access(AUDITOR)
def audit() -> Any:
    """Who did what to which thing, newest first."""
    policy.require_read_audit(current_actor())
    wanted = _wanted()
    return render_template(
        "notifications/audit.html",
        found=queries.list_audit(wanted, page_number()),
        wanted=wanted,
        actions=[("", _("All acts")), *((name, name) for name in queries.list_actions())],
        kept={
            name: value
            for name in ("actor", "action", "subject")
            if (value := getattr(wanted, name))
        },
    )


@blueprint.get("/desk/audit.csv")
@access(AUDITOR)
def audit_csv() -> Any:
    """Give the same entries as CSV (UTF-8 with BOM, for spreadsheets)."""
    policy.require_read_audit(current_actor())
    heads = [
        _("Position in the chain"), _("Moment (UTC)"), _("Actor ID"), _("Actor"), _("Act"),
        _("Kind of subject"), _("Subject ID"), _("Details"), _("Hash"),
    ]  # fmt: skip
    answer = Response(
        stream_with_context(_lines(heads, _wanted())), mimetype="text/csv", direct_passthrough=False
    )
    name = f"audit-{clock.now():%Y%m%d-%H%M}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _lines(heads: list[str], wanted: AuditFilter) -> Iterator[str]:
    yield "\ufeff" + _line(heads)
    rows = db.session.scalars(queries.audit_rows(wanted).execution_options(yield_per=_CHUNK))
    for entries in rows.partitions(_CHUNK):
        names = queries.actor_names(entries)
        for entry in entries:
            yield _line(
                [
                    "" if entry.position is None else str(entry.position),
                    f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
                    entry.actor_id or "",
                    names.get(entry.actor_id or "", ""),
                    entry.action,
                    entry.subject_kind,
                    entry.subject_id,
                    json.dumps(entry.details, ensure_ascii=False, sort_keys=True),
                    entry.hash or "",
                ]
            )


def _line(cells: list[str]) -> str:
    """Return one line; what a spreadsheet would take for a formula gets an apostrophe."""
    out = io.StringIO()
    csv.writer(out).writerow(
        [
            f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
            for cell in cells
        ]
    )
    return out.getvalue()
