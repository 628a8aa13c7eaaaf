"""Agreements that say different things about the same: for people, the decision needs no advice.

The decision is not in doubt: a prohibition beats a grant (R8), grants of one lineage are
alternatives (R5), all lineages must permit (R4). But what follows is seldom what was meant.
"""

from collections.abc import Iterable
from enum import StrEnum
from itertools import combinations
from typing import NamedTuple

from lms.rights.rules.facts import Agreement, Lineage, Reach, Recording, Terms
from lms.rights.rules.scope import agreement_in_force, intersect_scopes, sum_up_terms


class Contradiction(StrEnum):
    """How two agreements contradict each other."""

    PROHIBITED = "prohibited"
    """The one forbids what the other grants: forbidden."""

    WIDER_STANDS = "wider_stands"
    """The later grants less, and the earlier still counts beside it: the wider one holds."""

    REFUSED_LATER = "refused_later"
    """The later was refused, and the earlier still counts."""

    NOTHING_COMMON = "nothing_common"
    """Two rightsholders who allow nothing in common: nobody can be allowed."""


class Clash(NamedTuple):
    """Two agreements, by id, and how they contradict each other."""

    kind: Contradiction
    one: str
    other: str


def find_clashes(recording: Recording, at: int) -> tuple[Clash, ...]:
    """Return what contradicts itself among the agreements that count at `at` (ms UTC).

    Those of one lineage in the order of their ids (as they were entered), then lineages among
    each other. A grant that has ended counts no more.
    """
    found: list[Clash] = []
    for lineage in recording.lineages.values():
        found += _within(lineage, at)
    holding = [
        (lineage, [one for one in lineage.agreements if _counts(lineage, one, at)])
        for lineage in recording.whole
    ]
    for (_one, first), (_other, second) in combinations(
        [pair for pair in holding if pair[1]], 2
    ):  # fmt: skip
        ours = sum_up_terms([grant for a in first for grant in a.grants if grant.closes > at])
        theirs = sum_up_terms([grant for a in second for grant in a.grants if grant.closes > at])
        if intersect_scopes(ours, theirs).is_empty:
            found.append(Clash(Contradiction.NOTHING_COMMON, first[-1].id, second[-1].id))
    return tuple(found)


def _within(lineage: Lineage, at: int) -> Iterable[Clash]:
    counting = [one for one in lineage.agreements if _counts(lineage, one, at)]
    for one in counting:
        for other in counting:
            if any(_forbids(ban, grant) for ban in one.prohibitions for grant in other.grants):
                yield Clash(Contradiction.PROHIBITED, one.id, other.id)
    for earlier, later in combinations(sorted(counting, key=lambda one: (one.signed, one.id)), 2):
        before = sum_up_terms([grant for grant in earlier.grants if grant.closes > at])
        after = sum_up_terms([grant for grant in later.grants if grant.closes > at])
        if not after.covers(before):
            yield Clash(Contradiction.WIDER_STANDS, earlier.id, later.id)
    for refused in lineage.agreements:
        if refused.status == "refused":
            for one in counting:
                if one.id < refused.id:
                    yield Clash(Contradiction.REFUSED_LATER, one.id, refused.id)


def _counts(lineage: Lineage, agreement: Agreement, at: int) -> bool:
    return agreement_in_force(lineage, agreement, at) and any(
        grant.closes > at for grant in agreement.grants
    )


def _forbids(ban: Terms, grant: Terms) -> bool:
    """Whether a prohibition takes away all that a grant gives to somebody it names.

    One that names organisations or persons is an exception to the grant, not its contrary.
    """
    return (
        (ban.actions is None or (grant.actions is not None and grant.actions <= ban.actions))
        and ban.audience.orgs is None
        and ban.audience.persons is None
        and (ban.audience.reach is Reach.OUTSIDE or ban.audience.reach >= grant.audience.reach)
        and ban.territory is None
        and ban.purposes is None
        and ban.channels is None
        and ban.enrolled is None
    )
