"""Who acts: a value detached from the database, made once a request."""

from dataclasses import dataclass
from enum import StrEnum

from lms.kernel.ids import OrganisationId, PersonId


class Role(StrEnum):
    """What a person may do beyond learning. Scopes narrow some of them."""

    ADMIN = "admin"
    ORGANISER = "organiser"
    COORDINATOR = "coordinator"
    RIGHTS_OFFICER = "rights_officer"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """One role with its scope.

    `scope` is `*` (everywhere), `org:<id>` (that organisation and all below it),
    `programme:<id>` or `recording:<id>`.
    """

    role: Role
    scope: str = "*"


@dataclass(frozen=True, slots=True)
class Actor:
    """The person behind a request or a job.

    `person_id` is None for someone who is not signed in. `system` marks the product itself
    (jobs, seed, content load).
    """

    person_id: PersonId | None = None
    display_name: str = ""
    language: str = "ja"
    timezone: str = "Asia/Tokyo"
    country: str | None = None
    roles: frozenset[RoleGrant] = frozenset()
    organisation_ids: tuple[OrganisationId, ...] = ()
    system: bool = False

    @property
    def signed_in(self) -> bool:
        """Whether this is a known person."""
        return self.person_id is not None

    def has(self, role: Role) -> bool:
        """Whether the actor holds the role with any scope (the product itself holds all)."""
        return self.system or any(grant.role is role for grant in self.roles)

    def has_everywhere(self, role: Role) -> bool:
        """Whether the actor holds the role without limits."""
        return self.system or RoleGrant(role) in self.roles

    def scopes(self, role: Role) -> frozenset[str]:
        """Return the scopes in which the actor holds the role."""
        return frozenset(grant.scope for grant in self.roles if grant.role is role)

    @property
    def is_staff(self) -> bool:
        """Whether the actor works at a desk of the federation (organiser or administrator)."""
        return self.has(Role.ORGANISER) or self.has(Role.ADMIN)

    @property
    def is_coordinator(self) -> bool:
        """Whether the actor follows members of one or more organisations."""
        return self.has(Role.COORDINATOR)


ANONYMOUS = Actor()
SYSTEM = Actor(system=True, display_name="Tomoni")
