"""Writing programmes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from lms.courses import policy
from lms.courses.errors import CoursesError
from lms.courses.models import Programme, Reach
from lms.courses.queries import get_programme
from lms.courses.rules import ProgrammePlan, make_slug
from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import new_id
from lms.kernel.japanese import search_document
from lms.kernel.localized import Localized
from lms.people.queries import is_id


@dataclass(frozen=True, slots=True)
class ProgrammeTexts:
    """What an organiser may change of a programme. `takes_requests` None = as it is."""

    title: Localized
    summary: Localized
    purpose: Localized
    audience: Localized
    reach: str
    languages: tuple[str, ...]
    leads_to_id: str | None = None
    takes_requests: bool | None = None


def search_key_of(programme: Programme) -> str:
    """Return the search document of a programme's texts and keywords in every language."""
    texts = [
        text
        for column in (programme.title, programme.summary, programme.purpose, programme.audience)
        for text in column.values()
    ]
    words = [word for group in (programme.keywords or {}).values() for word in group]
    return search_document(*texts, *words)


def add_programme(plan: ProgrammePlan, *, actor: Actor, at: datetime) -> Programme:
    """Add a programme as a preset gives it. Raises NotFoundError for who may not."""
    policy.require_programme_creator(actor)
    if not plan.title:
        raise InvalidInputError("title", "required")
    programme_id = new_id()
    titles = (plan.title.get("en", ""), *plan.title.values())
    fallback = f"{plan.kind.replace('_', '-')}-{programme_id[-6:]}"
    taken = set(db.session.scalars(select(Programme.slug)))
    programme = Programme(
        id=programme_id,
        slug=make_slug(titles, fallback, taken),
        kind=plan.kind,
        title=plan.title,
        summary=plan.summary,
        purpose=plan.purpose,
        audience=plan.audience,
        reach=Reach(plan.reach),
        languages=list(plan.languages),
        leads_to_id=plan.leads_to_id,
        keywords={},
        created_at=at,
    )
    programme.search_key = search_key_of(programme)
    try:
        with db.session.begin_nested():
            db.session.add(programme)
    except IntegrityError:  # another took the address in the same moment
        programme.slug = fallback
        db.session.add(programme)
        db.session.flush()
    record_act(actor, "programme.added", "programme", programme.id, at=at, kind=plan.kind)
    return programme


def update_programme(
    programme_id: str, texts: ProgrammeTexts, *, version: int, actor: Actor, at: datetime
) -> None:
    """Change a programme's texts, reach, languages and what it leads to.

    `version` is the one that the organiser saw: CoursesError("edited_meanwhile") when another
    edit came between. A programme cannot lead to itself.
    """
    programme = _locked(programme_id, actor)
    if programme.version != version:
        raise CoursesError("edited_meanwhile")
    if not texts.title:
        raise InvalidInputError("title", "required")
    if texts.leads_to_id is not None:
        get_programme(texts.leads_to_id)
        if texts.leads_to_id == programme.id:
            raise InvalidInputError("leads_to", "itself")
    programme.title = texts.title
    programme.summary = texts.summary
    programme.purpose = texts.purpose
    programme.audience = texts.audience
    programme.reach = Reach(texts.reach)
    programme.languages = list(texts.languages)
    programme.leads_to_id = texts.leads_to_id
    if texts.takes_requests is not None:
        programme.takes_requests = texts.takes_requests
    programme.search_key = search_key_of(programme)
    programme.version += 1
    record_act(actor, "programme.updated", "programme", programme.id, at=at)


def archive_programme(programme_id: str, *, actor: Actor, at: datetime) -> None:
    """Take a programme out of the catalogue and of the lists to choose from."""
    programme = _locked(programme_id, actor)
    if programme.archived_at is None:
        programme.archived_at = at
        record_act(actor, "programme.archived", "programme", programme.id, at=at)


def restore_programme(programme_id: str, *, actor: Actor, at: datetime) -> None:
    """Bring an archived programme back."""
    programme = _locked(programme_id, actor)
    if programme.archived_at is not None:
        programme.archived_at = None
        record_act(actor, "programme.restored", "programme", programme.id, at=at)


def _locked(programme_id: str, actor: Actor) -> Programme:
    programme: Programme | None = lock_row(Programme, programme_id) if is_id(programme_id) else None
    if programme is None:
        raise NotFoundError
    policy.require_programme_manager(actor, programme)
    return programme
