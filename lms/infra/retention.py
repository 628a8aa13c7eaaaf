"""How long records of what people did are kept: kinds that features add, days that the site sets.

Audit entries, agreements, withdrawals, coverage and completions are no such kinds: they stay.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

MAX_DAYS: Final = 36_500
BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of record that is forgotten after some days.

    `days` holds until the site sets others, 0 keeps for ever, fewer than `least` are refused.
    `count` says how many are older than a moment and may go; `forget` deletes at most that many
    of them in the current transaction and returns how many went.
    """

    name: str
    days: int
    count: Callable[[datetime], int]
    forget: Callable[[datetime, int], int]
    least: int = 1


_kinds: dict[str, Kept] = {}


def add_kept(kind: Kept) -> None:
    """Register a kind (once at start-up, by the feature whose records they are)."""
    _kinds[kind.name] = kind


def all_kept() -> tuple[Kept, ...]:
    """Return every kind in the order in which they are forgotten."""
    return tuple(_kinds.values())


def days_kept(kind: Kept, site: Mapping[str, int]) -> int:
    """Return how many days a kind is kept where the site says so; 0 = for ever."""
    return site.get(kind.name, kind.days)


def forgotten_before(days: int, at: datetime) -> datetime:
    """Return the moment before which records of so many days are forgotten."""
    return at - timedelta(days=days)
