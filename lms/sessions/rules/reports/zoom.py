"""Zoom: participants of meetings, in full or summed up, and the attendee report of webinars."""

from lms.sessions.rules.reports.gathering import Gathering
from lms.sessions.rules.reports.layout import Layout
from lms.sessions.rules.reports.words import Head

SERVICE = "zoom"


def read(layout: Layout, gathering: Gathering) -> str | None:
    """Take in a report of Zoom and return which it is, None for one of another service."""
    if any(title.startswith("zoom") for title in layout.titles) or layout.shows("zoom_webinar"):
        for table in layout.tables:
            gathering.take_lines(table)
        return "webinar"
    if not _is_zoom(layout):
        return None
    for table in layout.tables:
        gathering.take_lines(table)
    in_full = any(table.has(Head.JOINED) or table.has(Head.LEFT) for table in layout.tables)
    report = "participants" if in_full else "summary"
    return f"{report}-2021" if layout.shows("zoom_2021") else report


def _is_zoom(layout: Layout) -> bool:
    if layout.shows("zoom"):
        return True
    guests = any(table.has(Head.GUEST, Head.DURATION) for table in layout.tables)
    return guests or {Head.TITLE, Head.MEETING_ID} <= set(layout.meeting)
