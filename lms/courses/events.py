"""What happened to programmes and editions.

Features above handle these in the same transaction. A handler that finds the act impossible
(people are enrolled, an edition cannot be completed) raises its own RefusedError, which undoes
the whole act.
"""

from dataclasses import dataclass, field
from datetime import datetime

from lms.kernel.ids import EditionId, PartId, PersonId
from lms.kernel.localized import Localized


@dataclass(frozen=True, slots=True)
class EditionDrafted:
    """An edition was set up from a preset with a meeting: one event a meeting, in order.

    `starts_local` and `ends_local` are naive wall-clock times in `timezone`. `venue_name` is
    empty for a meeting on the web, `web_url` for one in a room only. An edition set up without
    any date raises none.
    """

    edition_id: EditionId
    part_id: PartId
    title: Localized
    starts_local: datetime
    ends_local: datetime
    timezone: str
    at: datetime
    web_url: str = ""
    venue_name: Localized = field(default_factory=dict)
    by_id: PersonId | None = None


@dataclass(frozen=True, slots=True)
class EditionPublished:
    """An edition may be seen and applied for from now on. A handler may refuse."""

    edition_id: EditionId
    at: datetime


@dataclass(frozen=True, slots=True)
class EditionUnpublished:
    """An edition went back to draft. A handler may refuse (people are in it)."""

    edition_id: EditionId
    at: datetime


@dataclass(frozen=True, slots=True)
class EditionChanged:
    """Settings of an edition changed: dates, mode, capacity, deadline, approval."""

    edition_id: EditionId
    at: datetime


@dataclass(frozen=True, slots=True)
class EditionClosed:
    """An edition is over: nobody applies any more; what was earned stays."""

    edition_id: EditionId
    at: datetime


@dataclass(frozen=True, slots=True)
class EditionCancelled:
    """An edition will not take place."""

    edition_id: EditionId
    at: datetime
