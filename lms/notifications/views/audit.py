"""The auditor's desk."""

import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from flask import render_template
from flask_babel import gettext as _

from lms.infra.db import db
from lms.infra.web.access import AUDITOR, access, current_actor
from lms.infra.web.spreadsheet import csv_answer
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
    return csv_answer(f"audit-{clock.now():%Y%m%d-%H%M}.csv", heads, _rows(_wanted()))


def _rows(wanted: AuditFilter) -> Iterator[list[str]]:
    rows = db.session.scalars(queries.audit_rows(wanted).execution_options(yield_per=_CHUNK))
    for entries in rows.partitions(_CHUNK):
        names = queries.actor_names(entries)
        for entry in entries:
            yield [
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
