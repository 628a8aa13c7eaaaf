"""The tree of organisations: levels, dated names, protocol order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from lms.kernel.ids import OrganisationId
from lms.kernel.localized import Localized

# Which levels an organisation of a level may stand under; None: at the top.
_UNDER: Mapping[str, frozenset[str | None]] = {
    "hq": frozenset({None}),
    "industrial": frozenset({None, "hq"}),
    "affiliate": frozenset({None, "hq", "industrial"}),
    "branch": frozenset({"hq", "industrial", "affiliate"}),
    "outside": frozenset({None, "outside"}),
}


def may_stand_under(level: str, parent_level: str | None) -> bool:
    """Whether an organisation of a level may stand under one of another (None: at the top).

    Partner unions and employers (outside) never stand under a union of the federation.
    """
    return parent_level in _UNDER[level]


@dataclass(frozen=True, slots=True)
class DatedName:
    """A name and its days, both included; None = open."""

    name: Localized
    starts_on: date | None = None
    ends_on: date | None = None


def name_on(names: Iterable[DatedName], day: date) -> Localized:
    """Return the name on a day; in a gap the last one before it, else the first one after."""
    ordered = sorted(names, key=lambda n: (n.starts_on is not None, n.starts_on or date.min))
    begun = [n for n in ordered if n.starts_on is None or n.starts_on <= day]
    for name in reversed(begun):
        if name.ends_on is None or name.ends_on >= day:
            return name.name
    if begun:
        return begun[-1].name
    return ordered[0].name if ordered else {}


def periods_overlap(
    one: tuple[date | None, date | None], other: tuple[date | None, date | None]
) -> bool:
    """Whether two periods (both days included, None = open) share a day."""
    (a, b), (c, d) = one, other
    return (a or date.min) <= (d or date.max) and (c or date.min) <= (b or date.max)


@dataclass(frozen=True, slots=True)
class OrganisationNode:
    """An organisation in the tree, with the name of the day asked for."""

    id: OrganisationId
    parent_id: OrganisationId | None
    code: str
    level: str
    order: int
    country: str
    name: Localized


@dataclass(frozen=True, slots=True)
class OrganisationPath:
    """Where an organisation stands: names from the top, and its place in protocol order.

    `order` compares as rosters do: parents before children, siblings by protocol order.
    """

    id: OrganisationId
    names: tuple[Localized, ...]
    level: str
    order: tuple[tuple[int, str], ...]


class Tree:
    """All organisations on one day."""

    def __init__(self, nodes: Iterable[OrganisationNode]):
        self.nodes: dict[OrganisationId, OrganisationNode] = {n.id: n for n in nodes}

    @cached_property
    def _children(self) -> dict[OrganisationId | None, list[OrganisationNode]]:
        children: dict[OrganisationId | None, list[OrganisationNode]] = {}
        for node in sorted(self.nodes.values(), key=lambda n: (n.order, n.code)):
            children.setdefault(node.parent_id, []).append(node)
        return children

    def rows(self) -> list[tuple[int, OrganisationNode]]:
        """Return every organisation with its depth, in protocol order, the federation first."""
        out: list[tuple[int, OrganisationNode]] = []

        def walk(parent: OrganisationId | None, depth: int) -> None:
            children = self._children.get(parent, [])
            if parent is None:
                children = sorted(children, key=lambda n: n.level == "outside")
            for node in children:
                out.append((depth, node))
                walk(node.id, depth + 1)

        walk(None, 0)
        return out

    def descendants(self, organisation_id: str) -> frozenset[OrganisationId]:
        """Return the organisation and all below it; empty when it is unknown."""
        start = OrganisationId(organisation_id)
        if start not in self.nodes:
            return frozenset()
        found, waiting = {start}, [start]
        while waiting:
            for node in self._children.get(waiting.pop(), []):
                if node.id not in found:
                    found.add(node.id)
                    waiting.append(node.id)
        return frozenset(found)

    def ancestors(self, organisation_id: str) -> list[OrganisationNode]:
        """Return the organisation and those above it, nearest first."""
        out: list[OrganisationNode] = []
        at: OrganisationId | None = OrganisationId(organisation_id)
        while at is not None and at in self.nodes and self.nodes[at] not in out:
            out.append(self.nodes[at])
            at = self.nodes[at].parent_id
        return out

    def path(self, organisation_id: str) -> OrganisationPath | None:
        """Return where an organisation stands, or None when it is unknown."""
        line = self.ancestors(organisation_id)[::-1]
        if not line:
            return None
        top = (1 if line[0].level == "outside" else 0, "")
        return OrganisationPath(
            id=line[-1].id,
            names=tuple(node.name for node in line),
            level=line[-1].level,
            order=(top, *((node.order, node.code) for node in line)),
        )
