"""Words of closing and of the record of destruction."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from lms.infra.site import read_site
from lms.infra.web.formats import format_bytes, format_moment
from lms.kernel.clock import JST
from lms.kernel.localized import pick
from lms.rights.models import DestructionRecord
from lms.rights.operations.closing import StoredPart

WHATS: Final[Mapping[str, Any]] = {
    "source": _l("Original file"),
    "rendition": _l("Rendition"),
    "copy": _l("Copy to take away"),
    "page": _l("Picture of a page"),
    "poster": _l("Cover picture"),
    "track": _l("Sound in another language"),
    "other": _l("Other file"),
    "by_hand": _l("Copy elsewhere"),
}
_IN_PIECES: Final = frozenset({"rendition", "track", "page"})


def what_text(what: str) -> str:
    """Return what a file is."""
    return str(WHATS.get(what, WHATS["other"]))


def summed_up(parts: Iterable[StoredPart]) -> list[tuple[str, int, str]]:
    """Return (what, how many, size in words) by kind, the original first."""
    counts: dict[str, tuple[int, int]] = {}
    for part in parts:
        count, size = counts.get(part.what, (0, 0))
        counts[part.what] = (count + 1, size + part.size)
    return [
        (what_text(what), *(counts[what][0], format_bytes(counts[what][1])))
        for what in WHATS
        if what in counts
    ]


def record_lines(record: DestructionRecord) -> list[tuple[str, str, str]]:
    """Return (what, name, size) of what is on the record, in the order of the list.

    Pieces of a rendition, of sound and pictures of pages are told by folder: there are thousands.
    """
    lines: dict[tuple[str, str], tuple[int, int]] = {}
    for one in record.files:
        if one.get("key"):
            what, key = str(one.get("what", "other")), str(one["key"])
            name = f"{key.rpartition('/')[0]}/" if what in _IN_PIECES else key
            count, size = lines.get((what, name), (0, 0))
            lines[what, name] = (count + 1, size + int(one["size"]))
    return [
        (what_text(what), f"{name} ({count})" if name.endswith("/") else name, format_bytes(size))
        for (what, name), (count, size) in lines.items()
    ]


def copies_by_hand(record: DestructionRecord) -> list[tuple[int, str, datetime | None]]:
    """Return (number, where, when it was destroyed) of the copies elsewhere."""
    return [
        (number, str(one["where"]), _moment(one.get("done_at")))
        for number, one in enumerate(record.files)
        if one.get("where")
    ]


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def record_words(record: DestructionRecord, course: str, by: str, language: str) -> dict[str, str]:
    """Return every word of the printed record, for the template; call in that language."""
    sizes = [int(one["size"]) for one in record.files if one.get("key")]
    size = format_bytes(sum(sizes))
    total = ngettext("%(num)s file, %(size)s", "%(num)s files, %(size)s", len(sizes), size=size)

    def when(moment: datetime | None) -> str:
        return _("not yet") if moment is None else format_moment(moment, JST, language)

    rows = [
        (_("Title"), pick(record.title, language).text),
        (_("Course"), course),
        (_("Recording ID"), record.recording_id),
        (_("Record number"), record.id),
        (_("Reason"), record.reason),
        (_("Closed by"), by or _("The system")),
        (_("Closed at"), when(record.at)),
        (_("Files destroyed at"), when(record.done_at)),
        (_("Destroyed"), total),
    ]
    copies = [f"{place}\t{when(moment)}" for _number, place, moment in copies_by_hand(record)]
    return {
        "language": language,
        "title": _("Record of destruction"),
        "issuer": pick(read_site().name, language).text,
        "rows": "\n".join(f"{name}\t{' '.join(value.split())}" for name, value in rows),
        "files_head": _("Files"),
        "files": "\n".join("\t".join(line) for line in record_lines(record)),
        "copies_head": _("Copies elsewhere, destroyed by hand"),
        "copies": "\n".join(copies),
        "stays": _("Agreements, the audit, the record of who watched, and completions are kept."),
    }
