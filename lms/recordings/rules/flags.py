"""Through which channels pages of a paper may go, and what that means for who shows it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from lms.recordings.errors import FlagFault


class Channel(StrEnum):
    """A way in which a page reaches people."""

    ROOM = "room"
    LIVE = "live"
    LATER = "later"
    DOWNLOAD = "download"


#: What the presenter does at the moment; the file that is taken away is made afterwards.
ACTED_ON = (Channel.ROOM, Channel.LIVE, Channel.LATER)


@dataclass(frozen=True, slots=True)
class PageFlag:
    """Pages (from 1, both ends included) and the channels through which they must not go."""

    first: int
    last: int
    barred: frozenset[Channel]
    note: str = ""


@dataclass(frozen=True, slots=True)
class SlideCue:
    """At `first`: what to stop and what to take up again; `barred` holds until `last`."""

    first: int
    last: int
    barred: frozenset[Channel]
    stop: tuple[Channel, ...]
    resume: tuple[Channel, ...]
    notes: tuple[str, ...] = ()


def judge_flag(
    first: int, last: int, pages: int | None, barred: frozenset[Channel]
) -> FlagFault | None:
    """Return why pages cannot be flagged so, or None. `pages` None: not known yet."""
    if first < 1:
        return FlagFault.FIRST
    if last < first:
        return FlagFault.ORDER
    if pages is not None and last > pages:
        return FlagFault.BEYOND
    if not barred:
        return FlagFault.NOTHING
    return None


def barred_pages(flags: Iterable[PageFlag], pages: int) -> Mapping[int, frozenset[Channel]]:
    """Return what each flagged page must not go through: all flags on a page count together."""
    found: dict[int, frozenset[Channel]] = {}
    for flag in flags:
        for number in range(flag.first, min(flag.last, pages) + 1):
            found[number] = found.get(number, frozenset()) | flag.barred
    return found


def write_cues(flags: Iterable[PageFlag], pages: int) -> tuple[SlideCue, ...]:
    """Return the cues of a paper in the order of its pages: only where something changes.

    Neighbouring pages with the same channels make one cue; the page after them takes up again
    what was stopped. A paper that begins without limits begins without a cue.
    """
    marks = tuple(flags)
    barred = barred_pages(marks, pages)
    cues: list[SlideCue] = []
    before: frozenset[Channel] = frozenset()
    first = 1
    while first <= pages:
        now = barred.get(first, frozenset())
        last = first
        while last < pages and barred.get(last + 1, frozenset()) == now:
            last += 1
        if now != before:
            cues.append(
                SlideCue(
                    first=first,
                    last=last,
                    barred=now,
                    stop=tuple(one for one in Channel if one in now - before),
                    resume=tuple(one for one in Channel if one in before - now),
                    notes=_notes(marks, first, last),
                )
            )
        before, first = now, last + 1
    return tuple(cues)


def _notes(flags: Iterable[PageFlag], first: int, last: int) -> tuple[str, ...]:
    found = [one.note for one in flags if one.note and one.first <= last and first <= one.last]
    return tuple(dict.fromkeys(found))
