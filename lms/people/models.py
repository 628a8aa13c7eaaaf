"""Tables of people."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    event,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.infra.db import Model, WithId
from lms.people.rules import derive_search_key, derive_sort_key


class Level(StrEnum):
    """The federation's levels. Partner unions overseas and employers have level outside."""

    HQ = "hq"
    INDUSTRIAL = "industrial"
    AFFILIATE = "affiliate"
    BRANCH = "branch"
    OUTSIDE = "outside"


class Organisation(WithId, Model):
    """A node of the tree. Rosters follow `protocol_order` among siblings."""

    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint(
            "level in ('hq','industrial','affiliate','branch','outside')", name="level_known"
        ),
    )

    code: Mapped[str] = mapped_column(String(40), unique=True)
    level: Mapped[str] = mapped_column(String(12))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    protocol_order: Mapped[int] = mapped_column(default=0)
    country: Mapped[str] = mapped_column(String(2), default="JP")
    names: Mapped[list["OrganisationName"]] = relationship(
        order_by="OrganisationName.starts_on", lazy="selectin"
    )


class OrganisationName(WithId, Model):
    """A name with its period of validity (both days included; None = open)."""

    __tablename__ = "organisation_name"

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[dict[str, str]]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]


class Person(WithId, Model):
    """A person. Names are stored as typed; `search_key` and `sort_key` are derived.

    Either the Japanese fields (family/given + kana) or `full_name` (one field, for people
    without Japanese names) is filled. `other_name` is a name in use beside it, or a former one.
    `login_id` and `address` are kept clean (`rules.clean_login_id`, `rules.clean_address`);
    the address may be shared or absent. `session_epoch` grows when every open sign-in must end.
    """

    __tablename__ = "person"

    login_id: Mapped[str | None] = mapped_column(String(60), unique=True)
    address: Mapped[str | None] = mapped_column(String(320), index=True)
    address_confirmed_at: Mapped[datetime | None]
    family_name: Mapped[str] = mapped_column(String(80), default="")
    given_name: Mapped[str] = mapped_column(String(80), default="")
    family_kana: Mapped[str] = mapped_column(String(80), default="")
    given_kana: Mapped[str] = mapped_column(String(80), default="")
    romanised_family: Mapped[str] = mapped_column(String(80), default="")
    romanised_given: Mapped[str] = mapped_column(String(80), default="")
    romanised_order: Mapped[str] = mapped_column(String(12), default="family_first")
    full_name: Mapped[str] = mapped_column(String(200), default="")
    call_me: Mapped[str] = mapped_column(String(80), default="")
    other_name: Mapped[str] = mapped_column(String(80), default="")
    language: Mapped[str] = mapped_column(String(20), default="ja")
    timezone: Mapped[str] = mapped_column(String(64), default="Asia/Tokyo")
    country: Mapped[str | None] = mapped_column(String(2))
    search_key: Mapped[str] = mapped_column(Text, default="")
    sort_key: Mapped[str] = mapped_column(String(400), default="", index=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    session_epoch: Mapped[int] = mapped_column(default=0)
    suspended_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


_TEXTS = (
    "family_name", "given_name", "family_kana", "given_kana", "romanised_family",
    "romanised_given", "romanised_order", "full_name", "call_me", "other_name",
)  # fmt: skip


@event.listens_for(Person, "before_insert")
@event.listens_for(Person, "before_update")
def _derive_keys(_mapper: Any, _connection: Any, person: Person) -> None:
    """Keep the derived keys equal to the names, whoever writes them."""
    for name in _TEXTS:
        if getattr(person, name) is None:  # defaults are filled in later than this
            setattr(person, name, "family_first" if name == "romanised_order" else "")
    person.search_key = derive_search_key(person)
    person.sort_key = derive_sort_key(person)


class Membership(WithId, Model):
    """Belonging to an organisation, dated (both days included; None = open)."""

    __tablename__ = "membership"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    post: Mapped[str] = mapped_column(String(120), default="")
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]


class RoleAssignment(WithId, Model):
    """A role with its scope, in the form of `kernel.actor.RoleGrant`."""

    __tablename__ = "role_assignment"
    __table_args__ = (UniqueConstraint("person_id", "role", "scope"),)

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    scope: Mapped[str] = mapped_column(String(80), default="*")
    granted_by: Mapped[str | None] = mapped_column(String(26))
    granted_at: Mapped[datetime]


class AccountToken(WithId, Model):
    """A link sent by mail, kept as its SHA-256: invitation, forgotten password, new address."""

    __tablename__ = "account_token"
    __table_args__ = (
        CheckConstraint("kind in ('invitation','reset','address')", name="kind_known"),
    )

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    new_address: Mapped[str | None] = mapped_column(String(320))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInAttempt(WithId, Model):
    """An attempt to sign in, for limits that hold across processes. Holds hashes only."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (
        Index("ix_sign_in_attempt_subject_at", "subject_hash", "at"),
        Index("ix_sign_in_attempt_source_at", "source_hash", "at"),
    )

    subject_hash: Mapped[str] = mapped_column(String(64))
    source_hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    succeeded: Mapped[bool] = mapped_column(default=False)
