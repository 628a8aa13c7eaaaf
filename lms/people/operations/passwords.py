"""Hashing passwords. Slow on purpose: never inside a write transaction."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from lms.kernel.ids import new_secret
from lms.people.rules.passwords import MAX_LENGTH, plain_password

Cost = tuple[int, int]


@cache
def _hasher(cost: Cost) -> PasswordHasher:
    time_cost, memory_kib = cost
    return PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)


@cache
def _nobodys_hash(cost: Cost) -> str:
    return _hasher(cost).hash(new_secret())


def hash_password(password: str, cost: Cost) -> str:
    """Return the argon2id hash of a password. `cost`: passes and memory in KiB."""
    return _hasher(cost).hash(plain_password(password))


def verify_password(kept: str | None, password: str, cost: Cost) -> bool:
    """Whether a password is the one whose hash is kept.

    Without a hash (no such account, no password yet) the same work is done against a hash that
    nobody knows the password of, so that the time taken tells nothing.
    """
    nobody = _nobodys_hash(cost)
    try:
        _hasher(cost).verify(kept or nobody, plain_password(password)[:MAX_LENGTH])
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def needs_rehash(kept: str, cost: Cost) -> bool:
    """Whether a hash was made at another cost than today's."""
    return _hasher(cost).check_needs_rehash(kept)
