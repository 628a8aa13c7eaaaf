"""Rules of courses: what may be seen, what is missing, how presets become editions."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from lms.kernel.localized import Localized
from lms.kernel.wall import WallTime

PUBLIC_REACH = "outside"
# Which members (by their organisation's level) a reach takes in, beside everybody for `outside`.
# The reaches are those of the federation's own table of media; a branch counts as affiliate.
REACH_LEVELS: Mapping[str, frozenset[str]] = {
    "hq": frozenset({"hq"}),
    "industrial": frozenset({"hq", "industrial"}),
    "affiliate": frozenset({"hq", "industrial", "affiliate", "branch"}),
}

SLUG_LENGTH = 60
MAX_PARTS = 30


def within_reach(reach: str, levels: Collection[str]) -> bool:
    """Whether somebody with memberships at these levels may see what has this reach."""
    if reach == PUBLIC_REACH:
        return True
    return any(level in REACH_LEVELS.get(reach, frozenset()) for level in levels)


class Missing(StrEnum):
    """What an edition still needs before it can be published."""

    TITLE = "title"
    PURPOSE = "purpose"
    AUDIENCE = "audience"
    LANGUAGE = "language"
    DATES = "dates"
    PART = "part"
    PART_TITLE = "part_title"
    DEADLINE_PASSED = "deadline_passed"
    OVER = "over"


class Caution(StrEnum):
    """What an organiser should look at, though it may be meant so."""

    DEADLINE_AFTER_END = "deadline_after_end"
    STARTS_IN_PAST = "starts_in_past"


@dataclass(frozen=True, slots=True)
class EditionFacts:
    """What the rules need to know of an edition and its programme."""

    title: Localized
    purpose: Localized
    audience: Localized
    languages: tuple[str, ...]
    mode: str
    state: str
    starts_on: date | None
    ends_on: date | None
    timezone: str
    apply_until_at: datetime | None
    part_titles: tuple[Localized, ...]


def end_of_day(day: date, zone: str) -> datetime:
    """Return the moment at which the day is over in the zone (the next midnight)."""
    return start_of_day(day + timedelta(days=1), zone)


def start_of_day(day: date, zone: str) -> datetime:
    """Return the first moment of the day in the zone, also where clocks skip midnight."""
    for hour in range(3):
        try:
            return WallTime(datetime.combine(day, time(hour)), zone).instant()
        except ValueError:
            continue
    return WallTime(datetime.combine(day, time(0)), "UTC").instant()


def missing_for_publication(facts: EditionFacts, at: datetime) -> tuple[Missing, ...]:
    """Return what an edition lacks, in the order in which a form asks for it; empty = ready."""
    missing: list[Missing] = []
    if not facts.title:
        missing.append(Missing.TITLE)
    if not facts.purpose:
        missing.append(Missing.PURPOSE)
    if not facts.audience:
        missing.append(Missing.AUDIENCE)
    if not facts.languages:
        missing.append(Missing.LANGUAGE)
    dated = facts.mode != "on_demand"
    if dated and (facts.starts_on is None or facts.ends_on is None):
        missing.append(Missing.DATES)
    if facts.ends_on is not None and end_of_day(facts.ends_on, facts.timezone) <= at:
        missing.append(Missing.OVER)
    elif facts.apply_until_at is not None and facts.apply_until_at <= at:
        missing.append(Missing.DEADLINE_PASSED)
    if not facts.part_titles:
        missing.append(Missing.PART)
    elif not all(facts.part_titles):
        missing.append(Missing.PART_TITLE)
    return tuple(missing)


def warnings_for(facts: EditionFacts, at: datetime) -> tuple[Caution, ...]:
    """Return what looks like a slip without being forbidden."""
    found: list[Caution] = []
    if (
        facts.apply_until_at is not None
        and facts.ends_on is not None
        and facts.apply_until_at > end_of_day(facts.ends_on, facts.timezone)
    ):
        found.append(Caution.DEADLINE_AFTER_END)
    if facts.starts_on is not None and end_of_day(facts.starts_on, facts.timezone) <= at:
        found.append(Caution.STARTS_IN_PAST)
    return tuple(found)


def make_slug(texts: Iterable[str], fallback: str, taken: Collection[str]) -> str:
    """Return an address part: lower-case ASCII words and hyphens, not in `taken`.

    The first text that gives at least three letters is used (accents dropped), else
    `fallback`, as for Japanese titles: no reading is guessed from kanji.
    """
    base = ""
    for text in texts:
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
        base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_LENGTH].strip("-")
        if len(re.sub(r"[^a-z]", "", base)) >= 3 and _mostly_latin(text):  # noqa: PLR2004 - a word
            break
        base = ""
    base = base or fallback
    slug, number = base, 2
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug


def _mostly_latin(text: str) -> bool:
    letters = [c for c in text if c.isalpha()]
    return 2 * sum(unicodedata.name(c, "").startswith("LATIN") for c in letters) > len(letters)


def series_days(first: date, count: int, every_weeks: int) -> tuple[date, ...]:
    """Return the days of a series: the same weekday, every so many weeks."""
    return tuple(first + timedelta(weeks=every_weeks * i) for i in range(count))


@dataclass(frozen=True, slots=True)
class MeetingPlan:
    """When and where a part meets: naive wall-clock times in the edition's zone."""

    starts_local: datetime
    ends_local: datetime
    web_url: str = ""
    venue_name: Localized = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PartPlan:
    """A part to be, with its meeting when one is known."""

    title: Localized
    meeting: MeetingPlan | None = None


@dataclass(frozen=True, slots=True)
class ProgrammePlan:
    """What a new programme says."""

    kind: str
    title: Localized
    purpose: Localized
    audience: Localized
    summary: Localized = field(default_factory=dict)
    reach: str = PUBLIC_REACH
    languages: tuple[str, ...] = ("ja",)
    leads_to_id: str | None = None


@dataclass(frozen=True, slots=True)
class EditionPlan:
    """An edition to be: what a preset's page gives."""

    title: Localized
    mode: str
    languages: tuple[str, ...]
    parts: tuple[PartPlan, ...]
    timezone: str = "Asia/Tokyo"
    starts_on: date | None = None
    ends_on: date | None = None
    capacity: int | None = None
    apply_until_at: datetime | None = None
    approval: str = "first_come"


@dataclass(frozen=True, slots=True)
class EditionNotice:
    """What people were told when an edition was put off or called off.

    `kind`: moved, open (the dates follow) or off; `cause` is a code, `words` what was said
    besides. `starts_on` is the first day of what was put off, as it had been. `shown_until`:
    until the first session that was moved begins; None: as long as it stands. `answer_until`:
    until when those with a seat are asked to confirm the new dates.
    """

    kind: str
    cause: str
    words: Localized
    at: datetime
    starts_on: date | None = None
    shown_until: datetime | None = None
    answer_until: datetime | None = None

    def kept(self) -> dict[str, Any]:
        """Return the form in which it is kept with its edition."""
        return {
            "kind": self.kind,
            "cause": self.cause,
            "words": self.words,
            "at": self.at.isoformat(),
            "starts_on": _written(self.starts_on),
            "shown_until": _written(self.shown_until),
            "answer_until": _written(self.answer_until),
        }


def _written(value: date | datetime | None) -> str:
    return "" if value is None else value.isoformat()


def read_edition_notice(kept: Mapping[str, Any] | None) -> EditionNotice | None:
    """Return the notice of an edition from the form in which it is kept; None without one."""
    if not kept:
        return None

    def moment(name: str) -> datetime | None:
        return datetime.fromisoformat(kept[name]) if kept[name] else None

    return EditionNotice(
        kind=kept["kind"],
        cause=kept["cause"],
        words=kept["words"],
        at=datetime.fromisoformat(kept["at"]),
        starts_on=date.fromisoformat(kept["starts_on"]) if kept["starts_on"] else None,
        shown_until=moment("shown_until"),
        answer_until=moment("answer_until"),
    )


def mode_of(*, has_venue: bool, has_web: bool) -> str:
    """Return how an edition is held, from what its meetings name."""
    if has_venue and has_web:
        return "hybrid"
    return "venue" if has_venue else "web"
