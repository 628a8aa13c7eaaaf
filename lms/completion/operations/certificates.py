"""Issuing certificates."""

from datetime import datetime

from lms.completion.errors import CompletionRefusedError
from lms.completion.events import CertificateIssued
from lms.completion.models import Certificate
from lms.completion.policy import require_edition_manager
from lms.completion.queries import find_certificate_of, lock_counter
from lms.completion.rules import certificate_number
from lms.courses.models import Edition, Programme
from lms.courses.queries import get_entry
from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.infra.site import read_site
from lms.infra.typesetting import missing_glyphs
from lms.kernel import clock
from lms.kernel.actor import Actor
from lms.kernel.dates import fiscal_year
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import CertificateId, EditionId, PersonId, new_secret
from lms.kernel.localized import Localized
from lms.people.models import Person
from lms.people.queries import get_person
from lms.people.rules import display_name, latin_name
from lms.records.models import Achievement


def _names(person: Person) -> Localized:
    name, latin = display_name(person), latin_name(person)
    return {"ja": name or latin, "en": latin or name}


def missing_glyphs_of(person: Person) -> str:
    """Return the characters of a person's name that a certificate could not show, or ''."""
    return missing_glyphs(*_names(person).values())


def issue_certificate(
    achievement: Achievement, programme: Programme, edition: Edition, *, at: datetime
) -> Certificate:
    """Issue the certificate of an achievement: number and words are frozen now.

    Numbers run within the fiscal year without gaps, under a lock on its counter. Raises
    CompletionRefusedError (`glyph_missing`) when a character of the name cannot be printed.
    """
    site, person = read_site(), get_person(achievement.person_id)
    names = _names(person)
    if unknown := missing_glyphs(*names.values()):
        raise CompletionRefusedError("glyph_missing", characters=unknown)
    day = clock.day_in(at)
    year = fiscal_year(day, site.fiscal_year_start)
    counter = lock_counter(year)
    counter.last_serial += 1
    certificate = Certificate(
        achievement_id=achievement.id,
        person_id=person.id,
        number=certificate_number(year, counter.last_serial),
        code=new_secret()[:32],
        names=names,
        course=_course_words(programme, edition),
        issuer=dict(site.issuer or site.name),
        issuer_title=dict(site.issuer_title),
        issued_on=day,
    )
    db.session.add(certificate)
    db.session.flush()
    raise_event(
        CertificateIssued(
            CertificateId(certificate.id), PersonId(person.id), EditionId(edition.id), at
        )
    )
    return certificate


def issue_missing_certificate(actor: Actor, achievement_id: str, *, at: datetime) -> Certificate:
    """Issue the certificate of a completion that has none yet (the name is right now).

    Raises NotFoundError, CompletionRefusedError (`already_issued`, `not_earned`,
    `glyph_missing`).
    """
    achievement: Achievement | None = lock_row(Achievement, achievement_id)
    if achievement is None:
        raise NotFoundError
    entry = get_entry(achievement.edition_id)
    require_edition_manager(actor, entry.edition)
    if achievement.revoked_at is not None:
        raise CompletionRefusedError("not_earned")
    if find_certificate_of(achievement.id) is not None:
        raise CompletionRefusedError("already_issued")
    certificate = issue_certificate(achievement, entry.programme, entry.edition, at=at)
    record_act(actor, "certificate.issued", "certificate", certificate.id, at=at)
    return certificate


def _course_words(programme: Programme, edition: Edition) -> Localized:
    """Return programme and edition title in every language that the programme has."""
    words = {}
    for tag, title in programme.title.items():
        run = edition.title.get(tag, "")
        words[tag] = title if not run or run in title else f"{title} {run}"
    return words
