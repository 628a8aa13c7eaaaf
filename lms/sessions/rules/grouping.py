"""Spreading people over seminar groups so that industrial and enterprise unions mix."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations


@dataclass(frozen=True, slots=True)
class Seminarist:
    """A person to be spread. `industrial` and `enterprise` name their unions ('' for none).

    `order` is a place in a list that does not change (the reading of the name), for decisions
    between equals.
    """

    id: str
    industrial: str = ""
    enterprise: str = ""
    order: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupRoom:
    """A group in its order; `seats` None: no limit. `members` are in it and stay there."""

    id: str
    seats: int | None = None
    members: tuple[Seminarist, ...] = ()


def spread_evenly(
    people: Collection[Seminarist], groups: Sequence[GroupRoom]
) -> dict[str, str | None]:
    """Return by person the group in which they are put; None where every group is full.

    Who is a member of a group already stays there and is not in `people`. Industrial unions are
    spread first, so that of each no group has two more than another that has room; then groups
    get the same size; then enterprise unions are spread, by exchanging people of one industrial
    union. Equals are decided by their order: the same people make the same groups.
    """
    table = _Table(groups)
    sizes = Counter(person.industrial for person in people)
    houses = Counter((person.industrial, person.enterprise) for person in people)
    placed: dict[str, str | None] = {}
    inside: dict[str, list[Seminarist]] = {group.id: [] for group in groups}
    for person in sorted(
        people,
        key=lambda one: (
            -sizes[one.industrial],
            one.industrial,
            -houses[one.industrial, one.enterprise],
            one.enterprise,
            one.order,
            one.id,
        ),
    ):
        group_id = table.best_for(person)
        placed[person.id] = group_id
        if group_id is not None:
            table.add(person, group_id)
            inside[group_id].append(person)
    _exchange(inside, table)
    placed.update({one.id: key for key, members in inside.items() for one in members})
    return placed


class _Table:
    """How many of what are in each group."""

    def __init__(self, groups: Sequence[GroupRoom]):
        self._groups = groups
        self._people: Counter[str] = Counter()
        self._industrial: Counter[tuple[str, str]] = Counter()
        self.enterprise: Counter[tuple[str, str, str]] = Counter()
        for group in groups:
            for member in group.members:
                self.add(member, group.id)

    def add(self, person: Seminarist, group_id: str) -> None:
        self._people[group_id] += 1
        self._industrial[group_id, person.industrial] += 1
        self.enterprise[group_id, person.industrial, person.enterprise] += 1

    def best_for(self, person: Seminarist) -> str | None:
        free = [
            (
                self._industrial[group.id, person.industrial],
                self._people[group.id],
                self.enterprise[group.id, person.industrial, person.enterprise],
                place,
                group.id,
            )
            for place, group in enumerate(self._groups)
            if group.seats is None or self._people[group.id] < group.seats
        ]
        return min(free)[-1] if free else None


def _exchange(inside: Mapping[str, list[Seminarist]], table: _Table) -> None:
    """Exchange people of one industrial union while that spreads enterprise unions better.

    Every exchange lowers the sum of squares of the counts, so that it comes to an end.
    """
    went_on = True
    while went_on:
        went_on = False
        for one, other in combinations(inside, 2):
            while _exchange_between(inside[one], inside[other], (one, other), table.enterprise):
                went_on = True


def _exchange_between(
    mine: list[Seminarist],
    yours: list[Seminarist],
    groups: tuple[str, str],
    count: Counter[tuple[str, str, str]],
) -> bool:
    here, there = groups
    for i, one in enumerate(mine):
        for j, other in enumerate(yours):
            if one.industrial != other.industrial or one.enterprise == other.enterprise:
                continue
            union, mine_is, yours_is = one.industrial, one.enterprise, other.enterprise
            surplus = (
                count[here, union, mine_is]
                - count[there, union, mine_is]
                + count[there, union, yours_is]
                - count[here, union, yours_is]
            )
            if surplus > 2:  # noqa: PLR2004 - exchanged, the squares change by 2 * (2 - surplus)
                mine[i], yours[j] = other, one
                count[here, union, mine_is] -= 1
                count[there, union, mine_is] += 1
                count[there, union, yours_is] -= 1
                count[here, union, yours_is] += 1
                return True
    return False
