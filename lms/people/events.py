"""What happened to accounts."""

from dataclasses import dataclass
from datetime import datetime

from lms.kernel.ids import PersonId


@dataclass(frozen=True, slots=True)
class PersonInvited:
    """An account was made or invited again; the link's secret is in the mail only.

    `secret` is '' when the person has no address of their own: the desk hands the link over.
    """

    person_id: PersonId
    token_id: str
    secret: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PasswordResetAsked:
    """Somebody asked for a link to set a new password.

    Without an address of their own there is no link: `secret` is '' and `token_id` only tells
    one asking from another.
    """

    person_id: PersonId
    token_id: str
    secret: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AddressChangeAsked:
    """A person wants mail at another address; the link goes there."""

    person_id: PersonId
    token_id: str
    secret: str
    new_address: str
    at: datetime
