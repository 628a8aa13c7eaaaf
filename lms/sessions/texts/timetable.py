"""The timetable as a paper."""

from collections.abc import Sequence

from flask_babel import gettext as _

from lms.infra.typesetting import Block
from lms.infra.web.formats import format_times
from lms.kernel.dates import format_day
from lms.kernel.localized import Localized, pick
from lms.sessions.queries.timetable import TimetableDay, TimetableEntry


def timetable_blocks(
    title: Localized, days: Sequence[TimetableDay], language: str
) -> tuple[Block, ...]:
    """Return the timetable as blocks to typeset, in the language in force (`language`).

    Times are those of the place, whose zone stands with each.
    """
    blocks: list[Block] = [
        {"kind": "title", "text": f"{pick(title, language).text}\n{_('Timetable')}"}
    ]
    for day in days:
        blocks.append({"kind": "heading", "text": format_day(day.day, language)})
        blocks.append({"kind": "rows", "rows": [_slot(slot, language) for slot in day.slots]})
    return tuple(blocks)


def _slot(slot: Sequence[TimetableEntry], language: str) -> tuple[str, str]:
    """Return the time once, and below each other what is held side by side."""
    rows = [_row(entry, language) for entry in slot]
    return rows[0][0], "\n".join(text for _times, text in rows)


def _row(entry: TimetableEntry, language: str) -> tuple[str, str]:
    card = entry.card
    times = format_times(card.starts_at, card.ends_at, card.zone, language)
    lines = [pick(card.title, language).text]
    if entry.groups:
        lines[0] = f"{group_names(entry, language)}: {lines[0]}"
    if card.is_on_hold:
        lines.append(_("Postponed: the new date follows"))
    elif card.is_cancelled:
        lines.append(_("Session cancelled"))
    if place := place_text(entry, language):
        lines.append(place)
    if names := _names(entry, "speaker", language):
        lines.append(_("Speakers: %(names)s", names=names))
    if names := _names(entry, "interpreter", language):
        lines.append(_("Interpreters: %(names)s", names=names))
    if card.interpretation:
        lines.append(_("With simultaneous interpretation"))
    return times, "\n".join(str(line) for line in lines)


def group_names(entry: TimetableEntry, language: str) -> str:
    """Return for which seminar groups a session is."""
    return str(_(", ")).join(pick(title, language).text for title in entry.groups)


def _names(entry: TimetableEntry, role: str, language: str) -> str:
    names = [pick(one.name, language).text for one in entry.speakers if one.role == role]
    return str(_(", ")).join(names)


def place_text(entry: TimetableEntry, language: str) -> str:
    """Return where a session is held: venue and room, the web, or both."""
    card = entry.card
    room = str(_(", ")).join(
        text
        for text in (pick(card.venue_name, language).text, pick(card.room, language).text)
        if text
    )
    return " / ".join(text for text in (room, str(_("Web")) if card.has_web else "") if text)
