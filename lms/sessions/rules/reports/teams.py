"""Microsoft Teams: reports of meetings since 2020, webinars, live events."""

from lms.sessions.rules.reports.entries import Entry
from lms.sessions.rules.reports.gathering import Gathering
from lms.sessions.rules.reports.layout import Layout, Table
from lms.sessions.rules.reports.naming import Who
from lms.sessions.rules.reports.words import Head

SERVICE = "teams"
_SECTIONS = {"teams_summary", "teams_participants", "teams_activities", "teams_2021"}


def read(layout: Layout, gathering: Gathering) -> str | None:
    """Take in a report of Teams and return which it is, None for one of another service."""
    tables = layout.tables
    if any(table.has(Head.UTC_TIMESTAMP, Head.ACTION) for table in tables):
        return _read_events(tables, gathering, Head.UTC_TIMESTAMP, "live-event")
    if any(table.has(Head.TIMESTAMP, Head.ACTION) for table in tables):
        return _read_events(tables, gathering, Head.TIMESTAMP, "user-actions")
    if not (layout.titles & _SECTIONS or layout.shows("teams")):
        return None
    tables = tuple(table for table in tables if table.section != "teams_engagement")
    people = [table for table in tables if _is_of_people(table)]
    stays = [
        table
        for table in tables
        if table not in people and (table.has(Head.JOINED) or table.has(Head.LEFT))
    ]
    known = [entry for table in people for entry in _take_people(table, gathering)]
    taken = [entry for table in stays for entry in gathering.take_lines(table)]
    _join_sections(known, taken)
    if "teams_2021" in layout.titles:
        return "summary-2021"
    if Head.REGISTERED in layout.meeting or any(t.has(Head.REGISTRATION_EMAIL) for t in tables):
        return "webinar"
    return "in-meeting-activities" if taken else "participants"


def _read_events(tables: tuple[Table, ...], gathering: Gathering, head: Head, report: str) -> str:
    for table in tables:
        if table.has(head, Head.ACTION):
            gathering.take_events(table, head)
    return report


def _is_of_people(table: Table) -> bool:
    """Whether a table has one line for each person (section 2)."""
    return (
        table.has(Head.FIRST_JOIN)
        or table.has(Head.LAST_LEAVE)
        or (table.has(Head.DURATION) and not table.has(Head.JOINED) and not table.has(Head.LEFT))
    )


def _take_people(table: Table, gathering: Gathering) -> list[Entry]:
    if table.has(Head.FIRST_JOIN) or table.has(Head.LAST_LEAVE):
        return gathering.take_first_and_last(table)
    return gathering.take_lines(table)


def _join_sections(people: list[Entry], stays: list[Entry]) -> None:
    """Let the activities count, and of the participants only those who have none.

    An activity without an address is of the participant with exactly its name, when the report
    knows one such participant: both lines are the service's own about one person.
    """
    by_name: dict[str, set[Who]] = {}
    for entry in people:
        by_name.setdefault(entry.who.name, set()).add(entry.who)
    for entry in stays:
        owners = by_name.get(entry.who.name, set())
        if not entry.who.email and len({who.key() for who in owners}) == 1:
            entry.who = next(iter(owners))
    keys = {entry.who.key() for entry in stays}
    names = {entry.who.name for entry in stays}
    for entry in people:
        told = entry.who.key() in keys or (not entry.who.email and entry.who.name in names)
        if told:
            _set_aside(entry)


def _set_aside(entry: Entry) -> None:
    entry.counts, entry.is_open, entry.span = False, False, None
    entry.is_summary = True
