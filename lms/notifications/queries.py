"""Reads for telling people, and for the desks of mail and audit."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, literal, or_, select
from sqlalchemy.orm import aliased

from lms.completion.models import CompletionRule
from lms.courses.models import Edition, EditionState
from lms.courses.queries import get_entry
from lms.enrolment.models import Enrolment, EnrolmentChange, EnrolmentState
from lms.enrolment.queries import list_enrolled_ids
from lms.enrolment.rules import WAITING_STATES
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db
from lms.infra.mail.models import MailState, OutboxMail
from lms.infra.mail.outbox import Recipient
from lms.kernel.actor import Role
from lms.kernel.ids import PersonId
from lms.kernel.localized import FALLBACK_ORDER, Localized, pick
from lms.people.models import AccountToken, Person, RoleAssignment
from lms.people.queries import get_person, list_names
from lms.people.rules import display_name
from lms.recordings.models import FileVersion, Recording
from lms.recordings.queries import find_new_version
from lms.recordings.rules import host_of
from lms.rights.models import Agreement, ConsentItem, ConsentRequest, Publication, Rightsholder
from lms.sessions.models import EditionPostponement, LiveSession
from lms.sessions.queries import SessionCard, find_live_session, sessions_of
from lms.sessions.queries.audience import list_audience_ids, list_told_ids
from lms.sessions.queries.groups import sessions_of_others

PER_PAGE = 50


def course_words(edition_id: str) -> dict[str, Any]:
    """Return how mails name an edition: `course`, and the slugs of its page."""
    entry = get_entry(edition_id)
    return {
        "course": _course(entry.programme.title, entry.edition.title),
        "programme_slug": entry.programme.slug,
        "edition_slug": entry.edition.slug,
    }


def _course(programme: Localized, edition: Localized) -> Localized:
    words = {}
    for tag in dict.fromkeys([*FALLBACK_ORDER, *programme, *edition]):
        first, second = pick(programme, tag), pick(edition, tag)
        if not first.is_fallback or not second.is_fallback:
            parts = [first.text] if second.text in first.text else [first.text, second.text]
            if first.text and first.text in second.text:
                parts = [second.text]
            words[tag] = " ".join(part for part in parts if part)
    return words


def session_words(card: SessionCard) -> dict[str, Any]:
    """Return how mails tell of a live session; never the meeting's own address."""
    return {
        "id": card.id,
        "title": card.title,
        "starts_at": card.starts_at.isoformat(),
        "ends_at": card.ends_at.isoformat(),
        "timezone": card.timezone,
        "venue_name": card.venue_name,
        "room": card.room,
        "venue_address": card.venue_address,
        "has_web": card.has_web,
    }


def find_session(live_session_id: str) -> SessionCard | None:
    """Return a live session, or None."""
    return find_live_session(live_session_id)


def coming_sessions(
    edition_id: str, at: datetime, person_id: str | None = None
) -> list[SessionCard]:
    """Return the sessions of an edition that are still to come, in order.

    With a person who is enrolled, only those that are for that person's seminar group.
    """
    cards = [card for group in sessions_of([edition_id]).values() for card in group]
    others = sessions_of_others(edition_id, PersonId(person_id)) if person_id is not None else ()
    coming = [
        card
        for card in cards
        if not card.is_cancelled and card.ends_at > at and card.id not in others
    ]
    return sorted(coming, key=lambda card: card.starts_at)


def change_words(card: SessionCard) -> dict[str, Any]:
    """Return how mails tell what was changed last: `message` and how it `was`; '' and {}: not."""
    notice = card.notice
    was: dict[str, Any] = {"starts_at": "", "ends_at": "", "venue_name": {}}
    if notice is None:
        return {"message": {}, "was": was}
    if notice.starts_at is not None and notice.ends_at is not None:
        was |= {"starts_at": notice.starts_at.isoformat(), "ends_at": notice.ends_at.isoformat()}
    return {"message": notice.message, "was": {**was, "venue_name": notice.venue_name or {}}}


def is_draft(card: SessionCard) -> bool:
    """Whether a session belongs to an edition that nobody knows of yet."""
    return card.edition_state == EditionState.DRAFT


def people_of_session(live_session_id: str) -> list[str]:
    """Return the ids of everyone who is told of a session."""
    return list_audience_ids(live_session_id)


def told_of(live_session_id: str) -> list[str]:
    """Return the ids of everyone on a session's list, or whose calendar was told of it."""
    return list_told_ids(live_session_id)


def cancelled_session_ids(edition_id: str, at: datetime) -> list[str]:
    """Return the ids of the sessions of an edition cancelled at a moment, in order of time."""
    return list(
        db.session.scalars(
            select(LiveSession.id)
            .where(LiveSession.edition_id == edition_id, LiveSession.cancelled_at == at)
            .order_by(LiveSession.starts_at, LiveSession.id)
        )
    )


def was_published(edition_id: str) -> bool:
    """Whether people ever knew of an edition."""
    found = db.session.scalar(select(Edition.published_at).where(Edition.id == edition_id))
    return found is not None


def get_postponement(postponement_id: str) -> EditionPostponement | None:
    """Return how an edition was put off or called off, or None when it is gone."""
    return db.session.get(EditionPostponement, postponement_id)


def waiting_in(edition_id: str) -> list[str]:
    """Return the ids of those who applied to an edition and have no seat yet."""
    return list(
        db.session.scalars(
            select(Enrolment.person_id)
            .where(
                Enrolment.edition_id == edition_id,
                Enrolment.state.in_(WAITING_STATES),
            )
            .order_by(Enrolment.person_id)
        )
    )


def left_at(edition_id: str, at: datetime) -> dict[str, bool]:
    """Return whose enrolment in an edition ended at a moment, and whether each had a seat."""
    rows = db.session.execute(
        select(Enrolment.person_id, EnrolmentChange.from_state)
        .join(EnrolmentChange, EnrolmentChange.enrolment_id == Enrolment.id)
        .where(
            Enrolment.edition_id == edition_id,
            EnrolmentChange.at == at,
            EnrolmentChange.to_state.in_((EnrolmentState.CANCELLED, EnrolmentState.WITHDRAWN)),
        )
        .order_by(Enrolment.person_id)
    )
    return {person_id: before == EnrolmentState.ENROLLED for person_id, before in rows}


def enrolled_in(edition_id: str) -> list[str]:
    """Return the ids of those who are enrolled in an edition."""
    return list_enrolled_ids(edition_id)


def session_ids(edition_id: str) -> list[str]:
    """Return the ids of every session of an edition."""
    return list(
        db.session.scalars(select(LiveSession.id).where(LiveSession.edition_id == edition_id))
    )


def recording_words(recording_id: str) -> dict[str, Any] | None:
    """Return how mails tell of a recording or handout, or None when it is gone."""
    recording = db.session.get(Recording, recording_id)
    if recording is None:
        return None
    return {
        "recording_id": recording.id,
        "title": recording.title,
        "is_paper": recording.kind == "paper",
        "version_note": _version_note(recording),
        "held_at": host_of(recording.source_url) if recording.source_url else "",
    }


@dataclass(frozen=True, slots=True)
class ConsentWords:
    """To whom a letter about rights goes, and its words for mails.

    `name` is how the letter addresses them, '' for a body; `holder` how the office calls them.
    """

    address: str
    name: str
    language: str
    person_id: str | None
    holder: str
    params: dict[str, Any]


def consent_words(request_id: str) -> ConsentWords | None:
    """Return the words of a letter to a rightsholder, or None when it is gone."""
    row = db.session.execute(
        select(ConsentRequest, Rightsholder)
        .join(Rightsholder, Rightsholder.id == ConsentRequest.rightsholder_id)
        .where(ConsentRequest.id == request_id)
    ).one_or_none()
    if row is None:
        return None
    request, holder = row
    items = db.session.execute(
        select(Recording.title, Agreement.kind, ConsentItem.outcome)
        .join(Agreement, Agreement.id == ConsentItem.agreement_id)
        .join(Recording, Recording.id == Agreement.recording_id)
        .where(ConsentItem.request_id == request_id)
        .order_by(ConsentItem.position, ConsentItem.id)
    ).all()
    is_body = holder.name == holder.organisation
    full_name = " ".join(part for part in (holder.title, holder.name) if part)
    return ConsentWords(
        address=holder.email,
        name="" if is_body else full_name,
        language=request.language,
        person_id=holder.person_id,
        holder=holder.name,
        params={
            "request_id": request.id,
            "kind": request.kind,
            "number": request.number,
            "message": request.message,
            "due_on": request.due_on.isoformat() if request.due_on else "",
            "organisation": holder.organisation,
            "sha256": request.document_sha256,
            "items": [{"title": title, "kind": kind, "outcome": o} for title, kind, o in items],
        },
    )


def withdrawal_words(agreement_id: str) -> ConsentWords | None:
    """Return to whom the receipt of a withdrawal goes and what it names, or None."""
    row = db.session.execute(
        select(Agreement, Recording.title, Rightsholder)
        .join(Recording, Recording.id == Agreement.recording_id)
        .outerjoin(Rightsholder, Rightsholder.id == Agreement.rightsholder_id)
        .where(Agreement.id == agreement_id)
    ).one_or_none()
    if row is None:
        return None
    agreement, title = row[0], row[1]
    holder: Rightsholder | None = row[2]
    is_body = holder is not None and holder.name == holder.organisation
    return ConsentWords(
        address="" if holder is None else holder.email,
        name="" if is_body else agreement.holder_name,
        language="ja" if holder is None else holder.language,
        person_id=agreement.holder_person_id,
        holder=agreement.holder_name,
        params={"title": title},
    )


def consent_staff_ids(request_id: str) -> list[str]:
    """Return who is told of an answer: who asked; once they have left, who looks after it."""
    rows = db.session.execute(
        select(Recording.edition_id, Recording.id, Person.id)
        .join(Agreement, Agreement.recording_id == Recording.id)
        .join(ConsentItem, ConsentItem.agreement_id == Agreement.id)
        .join(ConsentRequest, ConsentRequest.id == ConsentItem.request_id)
        .outerjoin(
            Person,
            and_(Person.id == ConsentRequest.created_by, Person.suspended_at.is_(None)),
        )
        .where(ConsentItem.request_id == request_id)
        .order_by(ConsentItem.position)
    ).all()
    asked_by: str | None = rows[0][2] if rows else None
    if asked_by is not None:
        return [asked_by]
    editions = {edition_id: recording_id for edition_id, recording_id, _by in rows}
    found = [organiser_ids(edition, recording) for edition, recording in editions.items()]
    return list(dict.fromkeys(person_id for ids in found for person_id in ids))


def replaced_version(recording_id: str) -> int | None:
    """Return the number of the present version where an earlier one had been published, else None.

    Published before the present file came: then people know it, and are told of a new version.
    """
    return db.session.scalar(
        select(FileVersion.media_version)
        .join(Recording, Recording.id == FileVersion.recording_id)
        .where(
            FileVersion.recording_id == recording_id,
            FileVersion.media_version == Recording.media_version,
            FileVersion.media_version > 1,
            select(Publication.id)
            .where(
                Publication.recording_id == recording_id,
                Publication.created_at < FileVersion.at,
            )
            .exists(),
        )
    )


def _version_note(recording: Recording) -> str:
    found = find_new_version(recording)
    return found.note if found is not None else ""


def token_expiry(token_id: str) -> datetime | None:
    """Return when an account's link stops working."""
    token = db.session.get(AccountToken, token_id)
    return token.expires_at if token is not None else None


def recipient_at(person_id: str, address: str) -> Recipient:
    """Return a person as the recipient of a mail to an address that is not theirs yet."""
    person = get_person(person_id)
    return Recipient(
        address=address,
        name=display_name(person),
        language=person.language,
        timezone=person.timezone,
        person_id=person.id,
    )


def login_id_of(person_id: str) -> str:
    """Return the issued id with which a person signs in, or ''."""
    person = db.session.get(Person, person_id)
    return (person.login_id or "") if person is not None else ""


def gives_certificate(edition_id: str) -> bool:
    """Whether completing the edition gives a certificate, which is then told instead."""
    rule = db.session.get(CompletionRule, edition_id)
    return rule is not None and rule.gives_certificate


def organiser_ids(edition_id: str, recording_id: str | None = None) -> list[str]:
    """Return who runs an edition: organisers of all or of its programme.

    With `recording_id` also those who look after rights.
    """
    programme_id = db.session.scalar(select(Edition.programme_id).where(Edition.id == edition_id))
    scopes = ["*", f"programme:{programme_id}"]
    wanted = [(RoleAssignment.role == Role.ORGANISER) & RoleAssignment.scope.in_(scopes)]
    if recording_id is not None:
        wanted.append(
            (RoleAssignment.role == Role.RIGHTS_OFFICER)
            & RoleAssignment.scope.in_([*scopes, f"recording:{recording_id}"])
        )
    return list(
        db.session.scalars(
            select(Person.id)
            .where(
                Person.id.in_(select(RoleAssignment.person_id).where(or_(*wanted))),
                Person.suspended_at.is_(None),
            )
            .order_by(Person.id)
        )
    )


@dataclass(frozen=True, slots=True)
class MailPage:
    """A page of the outbox, newest first, with how many there are of each state."""

    mails: Sequence[OutboxMail]
    page: int
    pages: int
    counts: dict[str, int]


def list_mails(*, state: str, search: str, page: int) -> MailPage:
    """Return a page of the outbox; `state` '' is all, `search` a part of name or address."""
    counts: dict[str, int] = {str(value): 0 for value in MailState}
    rows = db.session.execute(select(OutboxMail.state, func.count()).group_by(OutboxMail.state))
    counts |= {row[0]: row[1] for row in rows}
    wanted = select(OutboxMail)
    if state in counts:
        wanted = wanted.where(OutboxMail.state == state)
    if search:
        text = search.lower()
        wanted = wanted.where(
            or_(
                func.lower(OutboxMail.to_address).contains(text, autoescape=True),
                func.lower(OutboxMail.to_name).contains(text, autoescape=True),
            )
        )
    total = db.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    pages = max(1, -(-total // PER_PAGE))
    page = min(max(1, page), pages)
    mails = db.session.scalars(
        wanted.order_by(OutboxMail.created_at.desc(), OutboxMail.id.desc())
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    ).all()
    return MailPage(mails, page, pages, counts)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What an auditor looks for; '' leaves a field open. `actor` is a person's id or name."""

    actor: str = ""
    action: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the audit, newest first; `names` by person id."""

    entries: Sequence[AuditEntry]
    names: dict[str, str]
    page: int
    pages: int
    total: int


def audit_rows(wanted: AuditFilter) -> Select[AuditEntry]:
    """Return the query for what an auditor looks for, newest first."""
    query = select(AuditEntry)
    if wanted.action:
        query = query.where(AuditEntry.action.startswith(wanted.action, autoescape=True))
    if wanted.subject:
        kind, colon, key = wanted.subject.partition(":")
        if colon:
            query = query.where(AuditEntry.subject_kind == kind, AuditEntry.subject_id == key)
        else:
            query = query.where(
                or_(
                    AuditEntry.subject_kind == wanted.subject,
                    AuditEntry.subject_id == wanted.subject,
                )
            )
    if wanted.actor:
        named = select(Person.id).where(
            or_(
                (Person.family_name + Person.given_name).contains(
                    "".join(wanted.actor.split()), autoescape=True
                ),
                func.lower(Person.full_name).contains(wanted.actor.lower(), autoescape=True),
                Person.login_id == wanted.actor,
            )
        )
        query = query.where(
            or_(AuditEntry.actor_id == wanted.actor, AuditEntry.actor_id.in_(named))
        )
    return query.order_by(AuditEntry.at.desc(), AuditEntry.id.desc())


def list_audit(wanted: AuditFilter, page: int) -> AuditPage:
    """Return a page of what an auditor looks for."""
    query = audit_rows(wanted)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    pages = max(1, -(-total // PER_PAGE))
    page = min(max(1, page), pages)
    entries = db.session.scalars(query.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    return AuditPage(entries, actor_names(entries), page, pages, total)


def actor_names(entries: Collection[AuditEntry]) -> dict[str, str]:
    """Return the names of those who acted, by id; one query."""
    ids = {entry.actor_id for entry in entries if entry.actor_id}
    return {str(key): name.shown for key, name in list_names(ids).items()} if ids else {}


def list_actions() -> list[str]:
    """Return every action that the audit knows, in order."""
    return list(
        db.session.scalars(select(AuditEntry.action).distinct().order_by(AuditEntry.action))
    )


@dataclass(frozen=True, slots=True)
class ToldPerson:
    """Somebody on the list of a session; `state` '' while the mail is not written yet."""

    name: str
    state: str
    address: str
    through_coordinator: bool
    sent_at: datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class Told:
    """A page of who was told of a change, failed ones first; `counts` by state are of all."""

    people: Sequence[ToldPerson]
    counts: Mapping[str, int]
    unwritten: int
    page: int
    pages: int


def told_of_session(card: SessionCard, *, page: int) -> Told:
    """Return who was told of the last change of a session, from the outbox. Two queries.

    The list is of those on it now and of those whose calendar was told of it, so that whoever
    is not reached stands there too.
    """
    notice = card.notice
    if notice is None:
        return Told((), {}, 0, 1, 1)
    template = "session_cancelled" if notice.kind == "cancelled" else "session_changed"
    mark = f"{template}:{card.id}:{card.sequence}:"
    # Of a session that went with its edition people read in the mail about the edition.
    act = "edition_cancelled" if notice.kind == "cancelled" else "edition_postponed"
    whole = f"{act}:{card.edition_id}:{notice.at.isoformat(timespec='microseconds')}:"
    ids = list_told_ids(card.id)
    own, other = aliased(OutboxMail), aliased(OutboxMail)
    rows: Any = db.session.execute(
        select(Person, own, other)
        .outerjoin(own, own.dedup_key == literal(mark).concat(Person.id))
        .outerjoin(other, other.dedup_key == literal(whole).concat(Person.id))
        .where(Person.id.in_(ids))
        .order_by(Person.sort_key, Person.id)
    )
    people = [
        _told_person(person, second if first is None else first) for person, first, second in rows
    ]
    counts: dict[str, int] = {str(state): 0 for state in MailState}
    for one in people:
        if one.state:
            counts[one.state] += 1
    worst = {MailState.FAILED.value: 0, MailState.STOPPED.value: 1, "": 2}
    people.sort(key=lambda one: worst.get(one.state, 3))
    pages = max(1, -(-len(people) // PER_PAGE))
    page = min(max(1, page), pages)
    return Told(
        people[(page - 1) * PER_PAGE : page * PER_PAGE],
        counts,
        len(people) - sum(counts.values()),
        page,
        pages,
    )


def _told_person(person: Person, mail: OutboxMail | None) -> ToldPerson:
    if mail is None:
        return ToldPerson(
            display_name(person), "", "", through_coordinator=False, sent_at=None, error=""
        )
    return ToldPerson(
        name=display_name(person),
        state=mail.state,
        address=mail.to_address,
        through_coordinator=bool(mail.params.get("on_behalf_of")),
        sent_at=mail.sent_at,
        error=mail.last_error or "",
    )
