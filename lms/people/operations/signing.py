"""Attempts and their limits, signing in, ending what is signed in."""

import hashlib
import hmac
import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, text

from lms.infra.audit import record_act
from lms.infra.db import db
from lms.kernel.actor import Actor
from lms.kernel.ids import PersonId
from lms.people import policy
from lms.people.errors import TooManyAttemptsError
from lms.people.models import SignInAttempt
from lms.people.queries import find_wait, get_person
from lms.people.rules import Limit, clean_address, clean_login_id

SIGN_IN = (Limit(10, timedelta(minutes=15)), Limit(200, timedelta(minutes=15)))
ASK_LINK = (Limit(5, timedelta(hours=1)), Limit(50, timedelta(hours=1)))
_KEEP = timedelta(days=1)


def _hash(secret_key: str, kind: str, value: str) -> str:
    return hmac.new(secret_key.encode(), f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()


def _network(address: str | None) -> str:
    """Return what counts as one source: an IPv4 address, an IPv6 /64."""
    try:
        ip = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return address or ""
    if ip.version == 4:  # noqa: PLR2004 - the number is the name of the protocol
        return str(ip)
    return str(ipaddress.ip_network((int(ip), 64), strict=False))


def _serialise(hashes: Sequence[str]) -> None:
    """Let one attempt of a subject or source be counted at a time, across processes.

    SQLite has one writer anyway; PostgreSQL gets a lock until the end of the transaction.
    """
    if db.engine.dialect.name == "postgresql":
        for number in sorted(int(value[:15], 16) for value in hashes):
            db.session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def begin_attempt(
    *,
    kind: str,
    subject: str,
    source: str | None,
    limits: tuple[Limit, Limit],
    secret_key: str,
    at: datetime,
) -> str:
    """Count an attempt before its outcome is known; return its id for `mark_success`.

    `limits` hold for the subject (an id or address as typed) and for the source (an IP address).
    Raises TooManyAttemptsError when either is used up; nothing is then counted, so that going
    on trying does not prolong the wait.
    """
    named = clean_address(subject)
    named = named if "@" in named else clean_login_id(subject)
    subject_hash = _hash(secret_key, f"{kind}-subject", named)
    source_hash = _hash(secret_key, f"{kind}-source", _network(source))
    _serialise([subject_hash, source_hash])
    again_at = find_wait(subject_hash, source_hash, *limits, at)
    if again_at is not None:
        raise TooManyAttemptsError(again_at)
    db.session.execute(
        delete(SignInAttempt).where(
            SignInAttempt.source_hash == source_hash, SignInAttempt.at < at - _KEEP
        )
    )
    attempt = SignInAttempt(subject_hash=subject_hash, source_hash=source_hash, at=at)
    db.session.add(attempt)
    db.session.flush()
    return attempt.id


def mark_success(attempt_id: str) -> None:
    """Say that an attempt was rightful: it and the failures before it count no more."""
    attempt = db.session.get(SignInAttempt, attempt_id)
    if attempt is not None:
        attempt.succeeded = True


def sign_in_person(
    person_id: PersonId, attempt_id: str, *, new_hash: str | None, checked_hash: str | None
) -> int | None:
    """Write down a verified sign-in; return the epoch that the browser's session must carry.

    `new_hash` replaces a hash of outdated cost. None: between the check and now the password
    was changed or the account suspended.
    """
    person = get_person(person_id)
    if person.suspended_at is not None or person.password_hash != checked_hash:
        return None
    mark_success(attempt_id)
    if new_hash is not None:
        person.password_hash = new_hash
    return person.session_epoch


def end_sign_ins(actor: Actor, person_id: str, *, at: datetime) -> None:
    """End every open sign-in of the actor's own account."""
    person = get_person(person_id)
    policy.require_self(actor, person)
    person.session_epoch += 1
    record_act(actor, "person.sign_ins_ended", "person", person.id, at=at)
