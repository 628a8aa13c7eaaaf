"""The board of the backlog: what stands at the stage `recorded`, by rightsholder."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, NamedTuple

from sqlalchemy import select

from lms.courses.models import Edition, Programme
from lms.infra.db import db
from lms.kernel.actor import Actor
from lms.kernel.japanese import kana_sort_key, search_document, search_key
from lms.kernel.localized import Localized
from lms.recordings.models import Recording, Stage
from lms.rights.models import (
    Agreement,
    ConsentItem,
    ConsentRequest,
    Rightsholder,
    ShelfFile,
    ShelfHolder,
    ShelfItem,
    Withdrawal,
)
from lms.rights.queries.scopes import desk_scope, in_scope
from lms.rights.queries.tables import required_kind
from lms.rights.rules.shelf import ItemState, judge_item, needs_answer

PAGE: Final = 50
"""Lines a page."""


@dataclass(frozen=True, slots=True)
class BacklogFilter:
    """What is looked for; empty is everything."""

    text: str = ""
    state: str = ""
    programme_id: str = ""
    kind: str = ""
    holder_id: str = ""


@dataclass(frozen=True, slots=True)
class BacklogLine:
    """One item of one rightsholder (None: nobody is named).

    `asked_at` is when the letter went out, `due_on` by when it asks for an answer; `can_go`:
    somebody whose consent is required has agreed, so it may be taken on.
    """

    recording: Recording
    course: Localized
    edition: Localized
    holder_id: str | None
    kind: str
    state: ItemState
    note: str
    agreement: Agreement | None = None
    asked_at: datetime | None = None
    due_on: date | None = None
    request_id: str | None = None
    can_go: bool = False
    file_error: str = ""


@dataclass(frozen=True, slots=True)
class BacklogGroup:
    """One rightsholder's lines on this page, and how many there are of each state in all."""

    holder: Rightsholder | None
    counts: Mapping[ItemState, int]
    lines: tuple[BacklogLine, ...]

    @property
    def total(self) -> int:
        """Return how many items of this rightsholder match."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Backlog:
    """A page of the board. `counts` are those of all lines that match, by state."""

    groups: tuple[BacklogGroup, ...] = ()
    counts: Mapping[ItemState, int] = field(default_factory=dict)
    items: int = 0
    page: int = 1
    pages: int = 1
    programmes: tuple[tuple[str, Localized], ...] = ()


class _Light(NamedTuple):
    """What of a line is needed to sort and to count it."""

    recording_id: str
    holder_id: str | None
    kind: str
    state: ItemState
    agreement_id: str | None
    can_go: bool
    sort: tuple[str, str, str]


class _Asked(NamedTuple):
    request_id: str
    sent_at: datetime
    due_on: date | None


def read_backlog(actor: Actor, wanted: BacklogFilter, page: int = 1) -> Backlog:
    """Return a page of what the actor looks after, in a number of queries that never changes.

    All lines are read in their lightest form to be counted; whole rows only of the page.
    """
    lights, programmes = _read_lights(actor, wanted)
    if wanted.state:
        lights = [one for one in lights if one.state == wanted.state]
    pages = max(1, -(-len(lights) // PAGE))
    page = min(max(1, page), pages)
    shown = lights[(page - 1) * PAGE : page * PAGE]
    per_holder: dict[str | None, Counter[ItemState]] = {}
    for one in lights:
        per_holder.setdefault(one.holder_id, Counter())[one.state] += 1
    lines = _read_lines(shown)
    holders = _read_holders({one.holder_id for one in shown if one.holder_id})
    grouped: dict[str | None, list[BacklogLine]] = {}
    for line in lines:
        grouped.setdefault(line.holder_id, []).append(line)
    return Backlog(
        groups=tuple(
            BacklogGroup(holders.get(key or ""), per_holder[key], tuple(several))
            for key, several in grouped.items()
        ),
        counts=Counter(one.state for one in lights),
        items=len({one.recording_id for one in lights}),
        page=page,
        pages=pages,
        programmes=programmes,
    )


def list_chosen(
    actor: Actor, holder_id: str, recording_ids: Collection[str] | None = None
) -> list[BacklogLine]:
    """Return lines of one rightsholder: those of the recordings, or all not asked yet."""
    lights, _programmes = _read_lights(actor, BacklogFilter(holder_id=holder_id))
    if recording_ids is None:
        chosen = [one for one in lights if one.state is ItemState.NOT_ASKED]
    else:
        chosen = [one for one in lights if one.recording_id in set(recording_ids)]
    return _read_lines(chosen)


def _read_lights(
    actor: Actor, wanted: BacklogFilter
) -> tuple[list[_Light], tuple[tuple[str, Localized], ...]]:
    """Return all lines that match but for their state, sorted, and the programmes to choose."""
    query = (
        select(
            ShelfItem.recording_id, Recording.kind, Recording.title, Recording.recorded_on,
            Edition.programme_id, Programme.title, ShelfHolder.rightsholder_id, ShelfHolder.kind,
            Rightsholder.name, Rightsholder.kana, Rightsholder.organisation,
        )
        .join(Recording, Recording.id == ShelfItem.recording_id)
        .join(Edition, Edition.id == Recording.edition_id)
        .join(Programme, Programme.id == Edition.programme_id)
        .outerjoin(ShelfHolder, ShelfHolder.recording_id == ShelfItem.recording_id)
        .outerjoin(Rightsholder, Rightsholder.id == ShelfHolder.rightsholder_id)
        .where(Recording.stage == Stage.RECORDED, in_scope(desk_scope(actor)))
    )  # fmt: skip
    rows = db.session.execute(query).all()
    states, agreed = _read_states()
    words = [key for word in wanted.text.split()[:10] if (key := search_key(word))]
    programmes: dict[str, Localized] = {}
    lights = []
    for row in rows:
        key, media, title, day, programme_id, course, holder_id, kind, name, kana, org = row
        programmes[programme_id] = course
        if (
            (wanted.programme_id and programme_id != wanted.programme_id)
            or (wanted.kind and media != wanted.kind)
            or (wanted.holder_id and holder_id != wanted.holder_id)
        ):
            continue
        if words:
            document = search_document(name or "", kana or "", org or "", *title.values())
            if not all(word in document for word in words):
                continue
        agreement_id, state = states.get((key, holder_id, kind), (None, ItemState.NOT_ASKED))
        answers = agreed.get(key, [])
        required = required_kind(media, {one for one, _state in answers})
        # Items of which nobody is known come first: they wait for a name.
        order = kana_sort_key(kana, "", name, "") if name else ""
        lights.append(
            _Light(
                key,
                holder_id,
                kind or "",
                state,
                agreement_id,
                not needs_answer(answers, required),
                (order, holder_id or "", f"{day or ''}{key}"),
            )
        )
    lights.sort(key=lambda one: one.sort)
    return lights, tuple(sorted(programmes.items()))


def _read_states() -> tuple[
    dict[tuple[str, str | None, str | None], tuple[str, ItemState]],
    dict[str, list[tuple[str, ItemState]]],
]:
    """Return the latest agreement of each (recording, holder, kind), and all by recording."""
    on_shelf = (
        select(ShelfItem.recording_id)
        .join(Recording, Recording.id == ShelfItem.recording_id)
        .where(Recording.stage == Stage.RECORDED)
    )
    asked = set(
        db.session.scalars(
            select(ConsentItem.agreement_id)
            .join(ConsentRequest, ConsentRequest.id == ConsentItem.request_id)
            .join(Agreement, Agreement.id == ConsentItem.agreement_id)
            .where(ConsentRequest.state != "cancelled", Agreement.recording_id.in_(on_shelf))
        )
    )
    withdrawn = {
        agreement_id
        for agreement_id, actions in db.session.execute(
            select(Withdrawal.agreement_id, Withdrawal.actions)
            .join(Agreement, Agreement.id == Withdrawal.agreement_id)
            .where(Agreement.recording_id.in_(on_shelf))
        )
        if not actions
    }
    states: dict[tuple[str, str | None, str | None], tuple[str, ItemState]] = {}
    by_recording: dict[str, list[tuple[str, ItemState]]] = {}
    for key, recording_id, holder_id, kind, status, outcome in db.session.execute(
        select(
            Agreement.id, Agreement.recording_id, Agreement.rightsholder_id, Agreement.kind,
            Agreement.status, Agreement.outcome,
        )
        .where(Agreement.recording_id.in_(on_shelf), Agreement.scope == "whole")
        .order_by(Agreement.created_at, Agreement.id)
    ):  # fmt: skip
        state = judge_item(
            status=status, outcome=outcome, asked=key in asked, withdrawn=key in withdrawn
        )
        states[recording_id, holder_id, kind] = (key, state)
        by_recording.setdefault(recording_id, []).append((kind, state))
    return states, by_recording


def _read_lines(lights: Sequence[_Light]) -> list[BacklogLine]:
    """Return whole lines, in four queries."""
    keys = {one.recording_id for one in lights}
    found: dict[str, tuple[Recording, Localized, Localized, str]] = {
        recording.id: (recording, course, edition, note)
        for recording, course, edition, note in db.session.execute(
            select(Recording, Programme.title, Edition.title, ShelfItem.note)
            .join(ShelfItem, ShelfItem.recording_id == Recording.id)
            .join(Edition, Edition.id == Recording.edition_id)
            .join(Programme, Programme.id == Edition.programme_id)
            .where(Recording.id.in_(keys))
        )
    }
    agreement_ids = [one.agreement_id for one in lights if one.agreement_id]
    agreements = {
        one.id: one
        for one in db.session.scalars(select(Agreement).where(Agreement.id.in_(agreement_ids)))
    }
    asked = _read_asked(agreement_ids)
    errors: dict[str | None, str] = {
        row.recording_id: row.error_code
        for row in db.session.execute(
            select(ShelfFile.recording_id, ShelfFile.error_code)
            .where(ShelfFile.recording_id.in_(keys), ShelfFile.state == "failed")
            .order_by(ShelfFile.created_at)
        )
    }
    lines = []
    for one in lights:
        recording, course, edition, note = found[one.recording_id]
        letter = asked.get(one.agreement_id or "")
        lines.append(
            BacklogLine(
                recording=recording,
                course=course,
                edition=edition,
                holder_id=one.holder_id,
                kind=one.kind,
                state=one.state,
                note=note,
                agreement=agreements.get(one.agreement_id or ""),
                asked_at=None if letter is None else letter.sent_at,
                due_on=None if letter is None else letter.due_on,
                request_id=None if letter is None else letter.request_id,
                can_go=one.can_go,
                file_error="" if recording.source_key else errors.get(recording.id, ""),
            )
        )
    return lines


def _read_asked(agreement_ids: Collection[str]) -> dict[str, _Asked]:
    """Return the last letter about each agreement, in one query."""
    rows = db.session.execute(
        select(
            ConsentItem.agreement_id, ConsentRequest.id, ConsentRequest.sent_at,
            ConsentRequest.created_at, ConsentRequest.due_on,
        )
        .join(ConsentRequest, ConsentRequest.id == ConsentItem.request_id)
        .where(ConsentItem.agreement_id.in_(agreement_ids), ConsentRequest.state != "cancelled")
        .order_by(ConsentRequest.created_at)
    )  # fmt: skip
    return {row[0]: _Asked(row[1], row[2] or row[3], row[4]) for row in rows}


def _read_holders(holder_ids: Iterable[str]) -> dict[str, Rightsholder]:
    return {
        one.id: one
        for one in db.session.scalars(
            select(Rightsholder).where(Rightsholder.id.in_(list(holder_ids)))
        )
    }
