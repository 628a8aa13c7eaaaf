"""Words of the decision log."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lms.kernel.clock import day_in
from lms.kernel.dates import format_day
from lms.rights.queries.evidence import Group, LogEntry
from lms.rights.rules import Code
from lms.rights.texts.codes import STAFF_TEXTS

GROUPS: Final[Mapping[Group, Any]] = {
    Group.REFUSAL: _l("Refused"),
    Group.PLAY: _l("Played or taken away"),
    Group.PREVIEW: _l("Preview"),
    Group.OVERRIDE: _l("Special permission"),
    Group.EVIDENCE: _l("Evidence viewed"),
    Group.AGREEMENT: _l("Agreement"),
    Group.WITHDRAWAL: _l("Withdrawal"),
    Group.TAKEDOWN: _l("Takedown"),
    Group.PUBLICATION: _l("Publication"),
    Group.CLOSING: _l("Closing"),
    Group.OTHER: _l("Other acts"),
}

GROUP_CHIPS: Final[Mapping[Group, str]] = {
    Group.REFUSAL: "no",
    Group.PLAY: "done",
    Group.PREVIEW: "plain",
    Group.OVERRIDE: "wait",
    Group.EVIDENCE: "plain",
    Group.AGREEMENT: "plain",
    Group.WITHDRAWAL: "no",
    Group.TAKEDOWN: "no",
    Group.PUBLICATION: "brand",
    Group.CLOSING: "plain",
    Group.OTHER: "plain",
}


def code_text(code: str) -> str:
    """Return what a code of the decision means, for staff; '' for none."""
    known = next((one for one in Code if one.value == code), None)
    return str(_(STAFF_TEXTS[known])) if known in STAFF_TEXTS else ""


def permission_text(entry: LogEntry, language: str) -> str:
    """Return under which permission a play stood, or ''."""
    parts = []
    if entry.holders:
        names = str(_(", ")).join(entry.holders)
        parts.append(str(_("agreements of %(names)s", names=names)))
    if entry.published_at is not None:
        day = format_day(day_in(entry.published_at), language)
        parts.append(str(_("publication of %(day)s", day=day)))
    return " · ".join(parts)


def details_text(entry: LogEntry) -> str:
    """Return the details of an entry as they stand in the audit, without its code."""
    found = []
    for name, value in sorted(entry.details.items()):
        if name == "code" or value in (None, "", [], {}):
            continue
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        found.append(f"{name} {text}")
    return ", ".join(found)
