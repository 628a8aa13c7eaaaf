"""Reads the seminar groups and the planned timetable of an edition."""

import re
from collections.abc import Collection, Sequence

from yaml.nodes import Node

from lms.infra.markup.nodes import Fields
from lms.whole.content.documents import GroupDocument, PlannedDocument
from lms.whole.content.shape import FileReader

PLACES = ("venue", "web", "both")
_MOST_DAYS = 366
_MOST = 300
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_ENTRY = ("day", "from", "to", "title", "where")
_ENTRY_MAY = ("part", "room", "groups")


class TimetableReader:
    """Reads what one edition (`what`, for sentences) says of its groups and its timetable."""

    def __init__(self, read: FileReader, what: str):
        self._read = read
        self._what = what

    def groups(self, node: Node | None) -> tuple[GroupDocument, ...]:
        """Return the seminar groups, each slug once."""
        found: list[GroupDocument] = []
        if node is None:
            return ()
        for number, item in enumerate(self._read.items(node, f"{self._what}: 'groups'", 1), 1):
            group = self._group(item, f"{self._what}.groups[{number}]")
            if group is None:
                continue
            if group.slug and group.slug in {one.slug for one in found}:
                self._read.fault(item, f"Another group has the slug {group.slug!r} already.")
            found.append(group)
        return tuple(found)

    def _group(self, node: Node, what: str) -> GroupDocument | None:
        fields = self._read.fields(node, what, ("slug", "title", "theme"))
        if fields is None:
            return None
        return GroupDocument(
            self._read.slug(fields.get("slug"), f"{what}: 'slug'"),
            self._read.localized(fields.get("title"), f"{what}: 'title'", 120),
            self._read.localized(fields.get("theme"), f"{what}: 'theme'", 300),
        )

    def entries(
        self, node: Node | None, parts: Collection[str], groups: Sequence[GroupDocument]
    ) -> tuple[PlannedDocument, ...]:
        """Return the entries; two at once for one person are a fault."""
        if node is None:
            return ()
        nodes = self._read.items(node, f"{self._what}: 'timetable'", 1, _MOST)
        known = {group.slug for group in groups}
        found: list[PlannedDocument] = []
        for number, item in enumerate(nodes, 1):
            what = f"{self._what}.timetable[{number}]"
            entry = self._entry(item, what, parts, known)
            if entry is None:
                continue
            for place, other in enumerate(found, 1):
                if _overlap(entry, other):
                    self._read.fault(
                        item,
                        f"{what} is held at the same time as entry {place},"
                        " and somebody would have to be in both.",
                    )
                    break
            found.append(entry)
        return tuple(found)

    def _entry(
        self, node: Node, what: str, parts: Collection[str], groups: Collection[str]
    ) -> PlannedDocument | None:
        read = self._read
        fields = read.fields(node, what, _ENTRY, _ENTRY_MAY)
        if fields is None:
            return None
        starts = self._clock(fields.get("from"), f"{what}: 'from'")
        ends = self._clock(fields.get("to"), f"{what}: 'to'")
        if starts and ends and ends <= starts:
            read.fault(fields["to"], f"{what}: 'to' must be after 'from'.")
        return PlannedDocument(
            day=read.whole(fields.get("day"), f"{what}: 'day'", 1, _MOST_DAYS) or 0,
            starts=starts,
            ends=ends,
            title=read.localized(fields.get("title"), f"{what}: 'title'", 120),
            part=self._part(fields, what, parts),
            room=read.localized(fields.get("room"), f"{what}: 'room'", 120),
            groups=self._groups_of(fields, what, groups),
            where=read.choice(fields.get("where"), f"{what}: 'where'", PLACES),
        )

    def _clock(self, node: Node | None, what: str) -> str:
        """Return a time as HH:MM, or an empty text."""
        if node is None:
            return ""
        value = self._read.plain(node)
        if isinstance(value, str) and _CLOCK.fullmatch(value):
            return value
        self._read.fault(node, f"{what} must be a time of the day, written HH:MM.")
        return ""

    def _part(self, fields: Fields, what: str, parts: Collection[str]) -> str | None:
        node = fields.get("part")
        slug = self._read.slug(node, f"{what}: 'part'")
        if node is not None and slug and slug not in parts:
            self._read.fault(node, f"{what}: there is no part {slug!r}.")
        return slug or None

    def _groups_of(self, fields: Fields, what: str, groups: Collection[str]) -> tuple[str, ...]:
        node = fields.get("groups")
        if node is None:
            return ()
        found: list[str] = []
        for item in self._read.items(node, f"{what}: 'groups'", 1):
            slug = self._read.slug(item, f"A group of {what}")
            if slug and slug not in groups:
                self._read.fault(item, f"{what}: there is no group {slug!r}.")
            elif slug in found:
                self._read.fault(item, f"{what} names the group {slug!r} twice.")
            elif slug:
                found.append(slug)
        return tuple(found)


def _overlap(one: PlannedDocument, other: PlannedDocument) -> bool:
    """Whether somebody would have to be in both at once."""
    if one.day != other.day or not all((one.starts, one.ends, other.starts, other.ends)):
        return False
    if not (one.starts < other.ends and other.starts < one.ends):
        return False
    apart = one.groups and other.groups and not set(one.groups) & set(other.groups)
    return not apart
