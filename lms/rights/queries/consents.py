"""Reads of letters to rightsholders: by link, for their own page, for the desk."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import lazyload

from lms.courses.models import Edition, Programme
from lms.infra.db import db
from lms.kernel.actor import Actor
from lms.people.queries import is_id
from lms.recordings.models import Recording
from lms.rights.models import (
    Agreement,
    ConsentItem,
    ConsentRequest,
    Rightsholder,
    RightsPlan,
    Withdrawal,
)
from lms.rights.queries.scopes import desk_scope, in_scope
from lms.rights.rules.consent import ConsentTerms, ItemAnswer

PER_PAGE = 50
_BARE = (lazyload(Agreement.terms), lazyload(Agreement.withdrawals))


@dataclass(frozen=True, slots=True)
class LetterItem:
    """One thing that a letter asks for. `drafted` is what was chosen and not signed yet."""

    item: ConsentItem
    agreement: Agreement
    recording: Recording
    programme: Programme
    edition: Edition
    asked: ConsentTerms
    drafted: ItemAnswer | None
    given: ConsentTerms | None
    withdrawals: tuple[Withdrawal, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it waits for its answer."""
        return self.agreement.status == "requested" and not self.item.outcome

    @property
    def is_withdrawn(self) -> bool:
        """Whether all of it was taken back after it was signed."""
        signed = self.agreement.signed_at
        return signed is not None and any(
            not one.actions and one.at >= signed for one in self.withdrawals
        )

    @property
    def in_force(self) -> bool:
        """Whether there is something left that could be taken back."""
        return self.agreement.status == "signed" and not self.is_withdrawn


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter with everything it asks for."""

    request: ConsentRequest
    holder: Rightsholder
    items: tuple[LetterItem, ...]

    @property
    def open_items(self) -> tuple[LetterItem, ...]:
        """Return what waits for an answer."""
        return tuple(one for one in self.items if one.is_open)

    @property
    def is_drafted(self) -> bool:
        """Whether every open item has an answer that waits for the signature."""
        return bool(self.open_items) and all(one.drafted for one in self.open_items)


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A letter in the list of the desk: how many items, how many of them answered how."""

    request: ConsentRequest
    holder: Rightsholder
    items: int
    outcomes: tuple[str, ...]
    titles: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class LetterPage:
    """A page of letters, newest first."""

    rows: tuple[LetterRow, ...]
    page: int
    pages: int
    counts: dict[str, int]


def find_letter(request_id: str) -> Letter | None:
    """Return a letter with its items in three queries, or None."""
    if not is_id(request_id):
        return None
    row = db.session.execute(
        select(ConsentRequest, Rightsholder)
        .join(Rightsholder, Rightsholder.id == ConsentRequest.rightsholder_id)
        .where(ConsentRequest.id == request_id)
    ).one_or_none()
    if row is None:
        return None
    request, holder = row
    return Letter(request, holder, _items(request.id))


def find_letter_by_secret(secret: str, at: datetime) -> Letter | None:
    """Return the letter that a link opens now: one that waits, or one that was answered.

    None for a link that is unknown, altered, replaced, cancelled or run out: all the same.
    """
    digest = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
    request = db.session.scalar(select(ConsentRequest).where(ConsentRequest.token_sha256 == digest))
    if request is None:
        return None
    waits = request.state == "open" and request.expires_at > at
    return find_letter(request.id) if waits or request.state == "answered" else None


def list_own_letters(person_id: str, at: datetime) -> list[tuple[ConsentRequest, int]]:
    """Return the letters that wait for the answer of somebody with an account, with their items."""
    rows = db.session.execute(
        select(ConsentRequest, func.count(ConsentItem.id))
        .join(Rightsholder, Rightsholder.id == ConsentRequest.rightsholder_id)
        .join(ConsentItem, ConsentItem.request_id == ConsentRequest.id)
        .where(
            Rightsholder.person_id == person_id,
            ConsentRequest.state == "open",
            ConsentRequest.expires_at > at,
        )
        .group_by(ConsentRequest.id)
        .order_by(ConsentRequest.created_at, ConsentRequest.id)
    )
    return [(request, count) for request, count in rows]


def documents_of(agreement_ids: Collection[str]) -> dict[str, str]:
    """Return by agreement the letter whose signed copy or scan is kept."""
    rows = db.session.execute(
        select(ConsentItem.agreement_id, ConsentRequest.id)
        .join(ConsentRequest, ConsentRequest.id == ConsentItem.request_id)
        .where(
            ConsentItem.agreement_id.in_(agreement_ids),
            ConsentItem.outcome != "",
            ConsentRequest.state == "answered",
        )
        .order_by(ConsentRequest.answered_at)
    )
    return {row[0]: row[1] for row in rows}


def list_letters(actor: Actor, *, state: str, page: int) -> LetterPage:
    """Return a page of the letters whose rights the actor looks after; `state` '' is all."""
    mine = _requests_of(actor)
    counts: dict[str, int] = dict.fromkeys(("open", "answered", "cancelled", "expired"), 0)
    rows = db.session.execute(
        select(ConsentRequest.state, func.count()).where(mine).group_by(ConsentRequest.state)
    )
    counts |= {row[0]: row[1] for row in rows}
    wanted = select(ConsentRequest, Rightsholder).join(
        Rightsholder, Rightsholder.id == ConsentRequest.rightsholder_id
    )
    wanted = wanted.where(mine)
    total = sum(counts.values())
    if state in counts:
        wanted, total = wanted.where(ConsentRequest.state == state), counts[state]
    pages = max(1, -(-total // PER_PAGE))
    page = min(max(1, page), pages)
    found = db.session.execute(
        wanted.order_by(ConsentRequest.created_at.desc(), ConsentRequest.id.desc())
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    ).all()
    return LetterPage(_letter_rows([(row[0], row[1]) for row in found]), page, pages, counts)


def _letter_rows(rows: Iterable[tuple[ConsentRequest, Rightsholder]]) -> tuple[LetterRow, ...]:
    found = list(rows)
    items: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for request_id, outcome, title in db.session.execute(
        select(ConsentItem.request_id, ConsentItem.outcome, Recording.title)
        .join(Agreement, Agreement.id == ConsentItem.agreement_id)
        .join(Recording, Recording.id == Agreement.recording_id)
        .where(ConsentItem.request_id.in_([request.id for request, _holder in found]))
        .order_by(ConsentItem.position, ConsentItem.id)
    ):
        items.setdefault(request_id, []).append((outcome, title))
    return tuple(
        LetterRow(
            request,
            holder,
            len(items.get(request.id, ())),
            tuple(outcome for outcome, _title in items.get(request.id, ()) if outcome),
            tuple(title for _outcome, title in items.get(request.id, ())),
        )
        for request, holder in found
    )


def list_unasked(rightsholder_id: str) -> list[tuple[Agreement, Recording]]:
    """Return what was proposed to a rightsholder and stands in no open letter."""
    asked = (
        select(ConsentItem.agreement_id)
        .join(ConsentRequest, ConsentRequest.id == ConsentItem.request_id)
        .where(ConsentRequest.state == "open")
    )
    rows = db.session.execute(
        select(Agreement, Recording)
        .options(*_BARE)
        .join(Recording, Recording.id == Agreement.recording_id)
        .where(
            Agreement.rightsholder_id == rightsholder_id,
            Agreement.status == "requested",
            Agreement.outcome == "",
            Agreement.id.not_in(asked),
        )
        .order_by(Agreement.created_at, Agreement.id)
    )
    return [(agreement, recording) for agreement, recording in rows]


def list_holders(actor: Actor, search: str = "", limit: int = 500) -> list[Rightsholder]:
    """Return rightsholders by kana and name: all, or those of the actor's own programmes."""
    wanted = select(Rightsholder)
    scope = desk_scope(actor)
    if not scope.everything:
        own = (
            select(Agreement.rightsholder_id)
            .join(Recording, Recording.id == Agreement.recording_id)
            .join(Edition, Edition.id == Recording.edition_id)
            .where(in_scope(scope), Agreement.rightsholder_id.is_not(None))
        )
        wanted = wanted.where(
            or_(Rightsholder.created_by == actor.person_id, Rightsholder.id.in_(own))
        )
    if search.strip():
        text = search.strip().lower()
        wanted = wanted.where(
            or_(
                func.lower(Rightsholder.name).contains(text, autoescape=True),
                func.lower(Rightsholder.organisation).contains(text, autoescape=True),
                Rightsholder.email.contains(text, autoescape=True),
            )
        )
    order = (Rightsholder.kana == "", Rightsholder.kana, Rightsholder.name, Rightsholder.id)
    return list(db.session.scalars(wanted.order_by(*order).limit(limit)))


def find_holder(actor: Actor, rightsholder_id: str) -> Rightsholder | None:
    """Return a rightsholder whom the actor may see, or None."""
    if not is_id(rightsholder_id):
        return None
    holder = db.session.get(Rightsholder, rightsholder_id)
    scope = desk_scope(actor)
    if holder is None or scope.everything or holder.created_by == actor.person_id:
        return holder
    known = db.session.scalar(
        select(Agreement.id)
        .join(Recording, Recording.id == Agreement.recording_id)
        .join(Edition, Edition.id == Recording.edition_id)
        .where(in_scope(scope), Agreement.rightsholder_id == holder.id)
        .limit(1)
    )
    return holder if known else None


def list_session_agreements(live_session_id: str) -> list[tuple[Recording, list[Agreement]]]:
    """Return what is planned or recorded of a session, with whom was asked about it."""
    recordings = db.session.scalars(
        select(Recording)
        .where(
            Recording.live_session_id == live_session_id,
            Recording.stage.not_in(("deleted", "destroyed")),
        )
        .order_by(Recording.created_at, Recording.id)
    ).all()
    agreements: dict[str, list[Agreement]] = {one.id: [] for one in recordings}
    for agreement in db.session.scalars(
        select(Agreement)
        .options(*_BARE)
        .where(Agreement.recording_id.in_(list(agreements)))
        .order_by(Agreement.created_at, Agreement.id)
    ):
        agreements[agreement.recording_id].append(agreement)
    return [(one, agreements[one.id]) for one in recordings]


def find_plan(recording_id: str) -> RightsPlan | None:
    """Return what the desk has settled for a recording, or None."""
    return db.session.get(RightsPlan, recording_id)


def _items(request_id: str) -> tuple[LetterItem, ...]:
    rows = db.session.execute(_item_rows().where(ConsentItem.request_id == request_id)).all()
    return tuple(
        LetterItem(
            item,
            agreement,
            recording,
            programme,
            edition,
            ConsentTerms.from_json(item.proposal or agreement.answers.get("asked", {})),
            ItemAnswer.from_json(item.answer) if item.answer else None,
            ConsentTerms.from_json(agreement.answers["given"])
            if agreement.answers.get("given")
            else None,
            tuple(agreement.withdrawals),
        )
        for item, agreement, recording, programme, edition in rows
    )


def _item_rows() -> Select[ConsentItem, Agreement, Recording, Programme, Edition]:
    return (
        select(ConsentItem, Agreement, Recording, Programme, Edition)
        .join(Agreement, Agreement.id == ConsentItem.agreement_id)
        .join(Recording, Recording.id == Agreement.recording_id)
        .join(Edition, Edition.id == Recording.edition_id)
        .join(Programme, Programme.id == Edition.programme_id)
        .order_by(ConsentItem.position, ConsentItem.id)
    )


def _requests_of(actor: Actor) -> ColumnElement[bool]:
    """Return the condition for letters all of whose recordings the actor looks after."""
    scope = desk_scope(actor)
    if scope.everything:
        return true()
    strange = (
        select(ConsentItem.request_id)
        .join(Agreement, Agreement.id == ConsentItem.agreement_id)
        .join(Recording, Recording.id == Agreement.recording_id)
        .join(Edition, Edition.id == Recording.edition_id)
        .where(~in_scope(scope))
    )
    return ConsentRequest.id.not_in(strange)
