"""Reads of requests for study meetings."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select, true

from lms.courses.models import Edition, EditionState, Programme
from lms.courses.policy import may_create_programmes
from lms.courses.queries import reach_condition
from lms.infra.db import db
from lms.kernel.actor import Actor, Role
from lms.kernel.clock import JST
from lms.kernel.dates import days_of_fiscal_year
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import OrganisationId, PersonId
from lms.kernel.japanese import search_key
from lms.kernel.localized import Localized
from lms.people.models import Person, RoleAssignment
from lms.people.queries import is_id, list_names, overseen_organisations
from lms.people.rules import Tree
from lms.requests.models import MeetingRequest, MeetingRequestEntry
from lms.requests.rules import OPEN, State, WishedDate
from lms.sessions.models import LiveSession

PER_PAGE = 50
_Rows: TypeAlias = Select[MeetingRequest, Programme, Edition, LiveSession]


def organisations_in_charge(actor: Actor, tree: Tree) -> frozenset[OrganisationId]:
    """Return the organisations in whose name a coordinator asks, with all below them."""
    if not actor.system and actor.has_everywhere(Role.COORDINATOR):
        return frozenset(tree.nodes)
    return overseen_organisations(actor, tree)


def _answered_by(actor: Actor) -> ColumnElement[bool]:
    """Return the SQL of `policy.may_answer`."""
    if may_create_programmes(actor):
        return true()
    scopes = actor.scopes(Role.ORGANISER)
    ids = [one.removeprefix("programme:") for one in scopes if one.startswith("programme:")]
    return MeetingRequest.programme_id.in_(ids) if ids else false()


def _seen_by(actor: Actor, tree: Tree) -> ColumnElement[bool]:
    """Return the SQL of `policy.may_see`."""
    charge = organisations_in_charge(actor, tree)
    own = MeetingRequest.organisation_id.in_(sorted(charge)) if charge else false()
    return or_(_answered_by(actor), own)


def find_request(meeting_request_id: str) -> MeetingRequest | None:
    """Return a request with its dates, or None."""
    return db.session.get(MeetingRequest, meeting_request_id) if is_id(meeting_request_id) else None


def get_request(meeting_request_id: str) -> MeetingRequest:
    """Return a request with its dates. Raises NotFoundError."""
    found = find_request(meeting_request_id)
    if found is None:
        raise NotFoundError
    return found


def wished_dates(request: MeetingRequest) -> tuple[WishedDate, ...]:
    """Return the wished-for dates in the order of preference."""
    return tuple(WishedDate(one.starts_local, one.ends_local) for one in request.dates)


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request with what it is about and what was made of it; None where there is nothing yet."""

    request: MeetingRequest
    programme: Programme | None
    edition: Edition | None
    session: LiveSession | None

    @property
    def title(self) -> Localized:
        """What is asked for: the programme, or the theme in the language it was written in."""
        if self.programme is not None:
            return self.programme.title
        return {self.request.written_in: self.request.theme}

    @property
    def is_to_be_held(self) -> bool:
        """Whether there is a session that is neither called off nor put off without a date."""
        return self.session is not None and self.session.cancelled_at is None

    @property
    def shows_edition(self) -> bool:
        """Whether the edition has a page that those who asked can open."""
        return self.edition is not None and self.edition.state != EditionState.DRAFT


def _rows() -> _Rows:
    return (
        select(MeetingRequest, Programme, Edition, LiveSession)
        .outerjoin(Programme, Programme.id == MeetingRequest.programme_id)
        .outerjoin(Edition, Edition.id == MeetingRequest.edition_id)
        .outerjoin(LiveSession, LiveSession.id == MeetingRequest.live_session_id)
    )


def get_row(meeting_request_id: str) -> RequestRow:
    """Return a request with what belongs to it. Raises NotFoundError."""
    wanted = meeting_request_id if is_id(meeting_request_id) else ""
    row = db.session.execute(_rows().where(MeetingRequest.id == wanted)).one_or_none()
    if row is None:
        raise NotFoundError
    return RequestRow(*row)


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """What a list is narrowed to; '' and None leave a field open. `state` may be `open`."""

    state: str = ""
    programme_id: str = ""
    organisation_id: str = ""
    term: str = ""
    year: int | None = None
    page: int = 1


@dataclass(frozen=True, slots=True)
class RequestPage:
    """A page of requests: open ones first, the oldest of them on top, then the newest decided.

    `counts` by state are of all that the actor sees, `oldest_at` when the oldest open one came.
    """

    rows: tuple[RequestRow, ...]
    counts: Mapping[str, int]
    oldest_at: datetime | None
    total: int
    page: int
    pages: int

    @property
    def open(self) -> int:
        """How many wait for an answer."""
        return sum(self.counts.get(state, 0) for state in OPEN)


def _narrowed(query: _Rows, wanted: RequestFilter, tree: Tree, starts_in: int) -> _Rows:
    if wanted.state == "open":
        query = query.where(MeetingRequest.state.in_(sorted(OPEN)))
    elif wanted.state:
        query = query.where(MeetingRequest.state == wanted.state.replace("\0", ""))
    if wanted.programme_id == "none":
        query = query.where(MeetingRequest.programme_id.is_(None))
    elif wanted.programme_id:
        query = query.where(MeetingRequest.programme_id == _an_id(wanted.programme_id))
    if wanted.organisation_id:
        below = tree.descendants(_an_id(wanted.organisation_id))
        query = query.where(MeetingRequest.organisation_id.in_(sorted(below)))
    if wanted.year is not None:
        first, after = days_of_fiscal_year(wanted.year, starts_in)
        begins, ends = (
            datetime.combine(day, time(), JST).astimezone(UTC) for day in (first, after)
        )
        query = query.where(MeetingRequest.created_at >= begins, MeetingRequest.created_at < ends)
    for word in search_key(wanted.term).split()[:10]:
        named = [node.id for node in tree.nodes.values() if _is_named(node.name, word)]
        query = query.where(
            or_(
                Programme.search_key.contains(word, autoescape=True),
                MeetingRequest.search_key.contains(word, autoescape=True),
                MeetingRequest.organisation_id.in_(named),
            )
        )
    return query


def _an_id(text: str) -> str:
    return text if is_id(text) else ""


def _is_named(name: Localized, word: str) -> bool:
    return any(word in search_key(text) for text in name.values())


def list_requests(
    actor: Actor, wanted: RequestFilter, tree: Tree, *, fiscal_year_start: int
) -> RequestPage:
    """Return a page of the requests that the actor sees, in four queries at most."""
    seen = _seen_by(actor, tree)
    counts: dict[str, int] = {}
    oldest: datetime | None = None
    for state, number, first in db.session.execute(
        select(MeetingRequest.state, func.count(), func.min(MeetingRequest.created_at))
        .where(seen)
        .group_by(MeetingRequest.state)
    ):
        counts[state] = number
        if State(state) in OPEN and (oldest is None or first < oldest):
            oldest = first
    query = _narrowed(_rows().where(seen), wanted, tree, fiscal_year_start)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    pages = max(1, -(-total // PER_PAGE))
    page = min(max(1, wanted.page), pages)
    rows = db.session.execute(_in_order(query).limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    found = tuple(RequestRow(*row) for row in rows)
    return RequestPage(found, counts, oldest, total, page, pages)


def _in_order(query: _Rows) -> _Rows:
    is_open = MeetingRequest.state.in_(sorted(OPEN))
    return query.order_by(
        is_open.desc(),
        # Of the open ones who has waited longest, of the others who was decided last.
        case((is_open, MeetingRequest.created_at)),
        MeetingRequest.decided_at.desc(),
        MeetingRequest.id,
    )


def list_requests_of_year(
    actor: Actor, wanted: RequestFilter, tree: Tree, *, fiscal_year_start: int
) -> list[RequestRow]:
    """Return what the actor sees of the requests of a filter, in the order of their arrival."""
    query = _narrowed(_rows().where(_seen_by(actor, tree)), wanted, tree, fiscal_year_start)
    query = query.order_by(MeetingRequest.created_at, MeetingRequest.id)
    return [RequestRow(*row) for row in db.session.execute(query)]


def count_open(actor: Actor) -> tuple[int, datetime | None]:
    """Return how many requests wait for this organiser, and since when the oldest. One query."""
    count, first = db.session.execute(
        select(func.count(), func.min(MeetingRequest.created_at)).where(
            _answered_by(actor), MeetingRequest.state.in_(sorted(OPEN))
        )
    ).one()
    return count, first


def find_row_of_session(live_session_id: str) -> RequestRow | None:
    """Return the request for which a session was made, or None. One query."""
    row = db.session.execute(
        _rows().where(MeetingRequest.live_session_id == live_session_id)
    ).one_or_none()
    return RequestRow(*row) if row is not None else None


def find_row_of_edition(edition_id: str) -> RequestRow | None:
    """Return the request from which an edition was made, or None. One query."""
    row = db.session.execute(_rows().where(MeetingRequest.edition_id == edition_id)).one_or_none()
    return RequestRow(*row) if row is not None else None


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of a request's history with who did it; `name` '' when it was the product."""

    entry: MeetingRequestEntry
    name: str


def list_history(meeting_request_id: str) -> list[HistoryLine]:
    """Return what happened to a request, oldest first. Two queries."""
    entries = db.session.scalars(
        select(MeetingRequestEntry)
        .where(MeetingRequestEntry.meeting_request_id == meeting_request_id)
        .order_by(MeetingRequestEntry.at, MeetingRequestEntry.id)
    ).all()
    names = list_names({entry.by_id for entry in entries if entry.by_id})
    return [
        HistoryLine(entry, names[PersonId(entry.by_id)].shown if entry.by_id in names else "")
        for entry in entries
    ]


def find_entry(key: str, *, step: str = "") -> MeetingRequestEntry:
    """Return a line of a history by its id; with `step` the last of that kind of a request.

    Raises NoResultFound when there is none, which no caller meets.
    """
    query = select(MeetingRequestEntry)
    if step:
        query = query.where(
            MeetingRequestEntry.meeting_request_id == key, MeetingRequestEntry.step == step
        )
    else:
        query = query.where(MeetingRequestEntry.id == key)
    query = query.order_by(MeetingRequestEntry.at.desc(), MeetingRequestEntry.id.desc())
    return db.session.scalars(query.limit(1)).one()


def list_askable(actor: Actor, *, keep: str | None = None) -> list[Programme]:
    """Return the programmes that can be asked for and that the actor may see, oldest first.

    `keep`: one that is offered even if it can be asked for no more (a request names it).
    """
    offered = and_(
        Programme.takes_requests.is_(True), Programme.archived_at.is_(None), reach_condition(actor)
    )
    query = select(Programme).where(
        or_(offered, Programme.id == keep) if keep is not None else offered
    )
    return list(db.session.scalars(query.order_by(Programme.id)))


def coordinators_of(organisation_id: str, tree: Tree) -> list[PersonId]:
    """Return who coordinates an organisation; where nobody does, who does the next above.

    Suspended people are left out. The order is of when they were given the role.
    """
    line = tree.ancestors(organisation_id)
    scopes = {f"org:{node.id}": place for place, node in enumerate(line)}
    rows = db.session.execute(
        select(RoleAssignment.scope, Person.id)
        .join(Person, Person.id == RoleAssignment.person_id)
        .where(
            RoleAssignment.role == Role.COORDINATOR.value,
            RoleAssignment.scope.in_(list(scopes)),
            Person.suspended_at.is_(None),
        )
        .order_by(RoleAssignment.granted_at, RoleAssignment.id)
    ).all()
    if not rows:
        return []
    nearest = min(scopes[scope] for scope, _person in rows)
    return [PersonId(person) for scope, person in rows if scopes[scope] == nearest]


def askers_of(request: MeetingRequest, tree: Tree) -> list[PersonId]:
    """Return who is told on the side of those who asked.

    Whoever wrote the request in the browser, as long as they coordinate the organisation; else,
    and where the office entered it, the organisation's coordinators.
    """
    if request.created_by is not None and request.source == "browser":
        scopes = [f"org:{node.id}" for node in tree.ancestors(request.organisation_id)]
        writer = db.session.scalar(
            select(Person.id)
            .join(RoleAssignment, RoleAssignment.person_id == Person.id)
            .where(
                Person.id == request.created_by,
                Person.suspended_at.is_(None),
                RoleAssignment.role == Role.COORDINATOR.value,
                RoleAssignment.scope.in_([*scopes, "*"]),
            )
            .limit(1)
        )
        if writer is not None:
            return [PersonId(writer)]
    return coordinators_of(request.organisation_id, tree)


def answerers_of(request: MeetingRequest) -> list[PersonId]:
    """Return who answers a request: organisers of everything, or of its programme."""
    scopes = ["*"]
    if request.programme_id is not None:
        scopes.append(f"programme:{request.programme_id}")
    return [
        PersonId(key)
        for key in db.session.scalars(
            select(Person.id)
            .where(
                Person.id.in_(
                    select(RoleAssignment.person_id).where(
                        RoleAssignment.role == Role.ORGANISER.value,
                        RoleAssignment.scope.in_(scopes),
                    )
                ),
                Person.suspended_at.is_(None),
            )
            .order_by(Person.id)
        )
    ]


def find_same(request: MeetingRequest, since: datetime) -> MeetingRequest | None:
    """Return an open request of the same person that asks for exactly the same, or None."""
    rows = db.session.scalars(
        select(MeetingRequest)
        .where(
            MeetingRequest.organisation_id == request.organisation_id,
            MeetingRequest.created_by == request.created_by,
            MeetingRequest.created_at > since,
            MeetingRequest.state.in_(sorted(OPEN)),
        )
        .order_by(MeetingRequest.id)
    )
    return next((row for row in rows if _says(row) == _says(request)), None)


_SAID = (
    "programme_id", "theme", "purpose", "way", "place", "timezone", "people", "languages",
    "speaker", "contact_name", "contact_phone", "contact_address", "remarks",
)  # fmt: skip


def _says(request: MeetingRequest) -> tuple[Any, ...]:
    return (*(getattr(request, name) for name in _SAID), wished_dates(request))


def organisation_name(organisation_id: str, tree: Tree) -> Localized:
    """Return an organisation's name of today, {} when it is gone."""
    node = tree.nodes.get(OrganisationId(organisation_id))
    return node.name if node is not None else {}


def names_of(ids: Collection[str], tree: Tree) -> dict[str, Localized]:
    """Return the names of organisations by id."""
    return {key: organisation_name(key, tree) for key in ids}


def years_of(actor: Actor, tree: Tree) -> Sequence[datetime]:
    """Return when the first and the last request came that the actor sees; empty without any."""
    count, first, last = db.session.execute(
        select(
            func.count(), func.min(MeetingRequest.created_at), func.max(MeetingRequest.created_at)
        ).where(_seen_by(actor, tree))
    ).one()
    return (first, last) if count else ()
