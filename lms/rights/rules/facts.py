"""The frozen facts that the decision reads. All times are integer milliseconds UTC.

A window is `[opens, closes)`; an open end is `BEGINNING` or `END`. A condition that is None
sets no limit; an empty set admits nobody. What the decision needs again and again (lineages,
boundaries) is worked out once, when a value is made.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import IntEnum, StrEnum
from operator import itemgetter
from typing import Final, TypeVar

T = TypeVar("T")

BEGINNING: Final = -(2**62)
END: Final = 2**62


class Reach(IntEnum):
    """The federation's ladder; a grant admits its own step and those before it."""

    HQ = 0
    INDUSTRIAL = 1
    AFFILIATE = 2
    OUTSIDE = 3


class Action(StrEnum):
    """What may be asked for."""

    PLAY = "play"
    DISPLAY = "display"
    PRINT = "print"
    DOWNLOAD = "download"
    SCREEN = "screen"
    EMBED = "embed"
    GUEST_LINK = "guest_link"
    LIVE = "live"
    PREVIEW = "preview"
    EVIDENCE_REVIEW = "evidence_review"


class Stage(StrEnum):
    """How far a recording has come, as far as viewers are concerned."""

    DRAFT = "draft"
    REVIEW = "review"
    PUBLISHED = "published"
    DELETED = "deleted"


class EnrolmentStatus(StrEnum):
    """Best first: of several records of one course the first counts."""

    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    WAITLISTED = "waitlisted"
    PENDING = "pending"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


class Disposition(StrEnum):
    """What the review found about a segment."""

    NEEDS_AGREEMENT = "needs_agreement"
    UNRESOLVED = "unresolved"
    EXEMPT = "exempt"
    REMOVED = "removed"


class OnDeny(StrEnum):
    """What happens to a segment that may not be shown."""

    HIDE = "hide"
    MUTE = "mute"
    DENY_RECORDING = "deny_recording"


ACCEPTED: Final = frozenset({EnrolmentStatus.CONFIRMED, EnrolmentStatus.COMPLETED})


@dataclass(frozen=True, slots=True)
class Audience:
    """For whom. With `persons` given, only they count, not reach and organisations."""

    reach: Reach = Reach.HQ
    orgs: frozenset[str] | None = None
    persons: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Only for those enrolled in `course` with one of `statuses`."""

    course: str
    statuses: frozenset[EnrolmentStatus] = ACCEPTED


@dataclass(frozen=True, slots=True)
class Terms:
    """The conditions of a grant, a prohibition or a publication. Obligations are a set."""

    id: str = ""
    actions: frozenset[str] | None = None
    purposes: frozenset[str] | None = None
    channels: frozenset[str] | None = None
    territory: frozenset[str] | None = None
    audience: Audience = field(default_factory=Audience)
    enrolled: Enrolled | None = None
    attended: frozenset[str] | None = None
    opens: int = BEGINNING
    closes: int = END
    max_views: int | None = None
    obligations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "obligations", tuple(sorted(set(self.obligations))))


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """From `at` on; None in `actions` means all. Running plays go on for `grace` ms."""

    at: int
    actions: frozenset[str] | None = None
    grace: int = 0


@dataclass(frozen=True, slots=True)
class Agreement:
    """What one rightsholder was asked for. `signed` is END until there is a signature."""

    id: str
    kind: str
    status: str
    lineage: str = ""
    whole: bool = True
    signed_at: int | None = None
    recording_consent_at: int | None = None
    grants: tuple[Terms, ...] = ()
    prohibitions: tuple[Terms, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    signed: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        signed = self.signed_at if self.status == "signed" else None
        object.__setattr__(self, "signed", END if signed is None else signed)
        object.__setattr__(self, "lineage", self.lineage or self.id)
        object.__setattr__(self, "grants", _by_id(self.grants))


@dataclass(frozen=True, slots=True)
class Lineage:
    """An agreement and its renewals, lowest id first, with the withdrawals of all of them."""

    id: str
    agreements: tuple[Agreement, ...]
    withdrawals: tuple[Withdrawal, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """The range `[a, b)` ms of a recording with rightsholders of its own."""

    id: str
    a: int
    b: int
    lineages: tuple[str, ...] = ()
    disposition: Disposition = Disposition.NEEDS_AGREEMENT
    on_deny: OnDeny = OnDeny.HIDE


@dataclass(frozen=True, slots=True)
class Takedown:
    """Stops the recording, one segment of it, or the named actions on it."""

    opens: int = BEGINNING
    closes: int = END
    segment: str | None = None
    actions: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """Everything about a recording or handout that the decision reads.

    `duration` is None for a handout. `cut_copy` holds the cuts of an existing cut copy.
    `whole` are the lineages that must permit always, `lineages` all of them by id, `speakers`
    those whose consent to record a preview asks for (of a paper, its authors'),
    `boundaries` and `signatures` the moments (sorted) at which something may change.
    """

    id: str
    stage: Stage
    duration: int | None
    agreements: tuple[Agreement, ...] = ()
    segments: tuple[Segment, ...] = ()
    takedowns: tuple[Takedown, ...] = ()
    publications: tuple[Terms, ...] = ()
    required_kinds: frozenset[str] = frozenset({"speaker"})
    cut_copy: tuple[tuple[int, int], ...] | None = None
    lineages: Mapping[str, Lineage] = field(init=False, repr=False, compare=False)
    whole: tuple[Lineage, ...] = field(init=False, repr=False, compare=False)
    speakers: tuple[Lineage, ...] = field(init=False, repr=False, compare=False)
    lacks_required: bool = field(init=False, repr=False, compare=False)
    boundaries: tuple[int, ...] = field(init=False, repr=False, compare=False)
    signatures: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        agreements = _steadily(self.agreements, [one.id for one in self.agreements])
        lineages = _lineages(agreements, agreements)
        whole = _lineages([one for one in agreements if one.whole], agreements)
        # A segment's consent is none for the rest, so only whole agreements fill a kind.
        kinds = {agreement.kind for agreement in agreements if agreement.whole}
        speakers = {one.lineage for one in agreements if one.kind == "speaker"}
        if not speakers and "speaker" not in self.required_kinds:
            # Of a paper nobody spoke: whoever must agree stands in the speaker's place.
            speakers = {
                one.lineage for one in agreements if one.whole and one.kind in self.required_kinds
            }
        moments = {end for end in _ends(self) if end not in (BEGINNING, END)}
        signatures = {one.signed for one in agreements} - {END}
        for name, value in (
            ("publications", _by_id(self.publications)),
            ("lineages", lineages),
            ("whole", tuple(whole.values())),
            ("speakers", tuple(lineages[name] for name in sorted(speakers))),
            ("lacks_required", not self.required_kinds <= kinds),
            ("boundaries", tuple(sorted(moments))),
            ("signatures", tuple(sorted(signatures))),
        ):
            object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True)
class Membership:
    """Of an organisation, for a time. `within` = it and everything above it."""

    org: str
    reach: Reach
    within: frozenset[str]
    opens: int = BEGINNING
    closes: int = END


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One record of one course, for a time."""

    course: str
    status: EnrolmentStatus
    opens: int = BEGINNING
    closes: int = END


@dataclass(frozen=True, slots=True)
class RoleHeld:
    """A role on one recording, or on all with the scope `*`."""

    role: str
    scope: str = "*"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks. `id` is None for somebody who is not signed in: nothing else is known then."""

    id: str | None
    suspended: bool = False
    memberships: tuple[Membership, ...] = ()
    roles: tuple[RoleHeld, ...] = ()
    enrolments: tuple[Enrolment, ...] = ()
    attended: frozenset[str] = frozenset()
    country: str | None = None

    def holds(self, recording: str, *roles: str) -> bool:
        """Whether the viewer holds one of `roles` on the recording with that id."""
        return any(held.role in roles and held.scope in ("*", recording) for held in self.roles)


@dataclass(frozen=True, slots=True)
class Override:
    """Staff ask to pass over publication for one person."""

    person: str
    requested_by: str = ""
    approved_by: str = ""
    reason: str = ""
    actions: frozenset[str] = frozenset({Action.PLAY})
    opens: int = BEGINNING
    closes: int = END


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. `action` may be a word that we do not know (then it is refused)."""

    action: str
    purpose: str = "education"
    channel: str = "lms_web"
    audience_reach: Reach = Reach.OUTSIDE
    session_started: int | None = None
    views_used: int = 0
    view_open: bool = False
    override: Override | None = None


@dataclass(frozen=True, slots=True)
class OrgUnit:
    """One organisation: its level on the ladder and what it belongs to."""

    level: Reach
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class OrgTree:
    """Organisations by id. Parents exist and there is no circle (`parse` sees to it)."""

    units: Mapping[str, OrgUnit]

    def membership(self, org: str, opens: int = BEGINNING, closes: int = END) -> Membership:
        """Return a membership of `org` (KeyError when unknown) with all that is above it."""
        within = [org]
        while (parent := self.units[within[-1]].parent) is not None:
            within.append(parent)
        return Membership(org, self.units[org].level, frozenset(within), opens, closes)


@dataclass(frozen=True, slots=True)
class Facts:
    """All that `decide_access` reads."""

    orgs: OrgTree
    viewer: Viewer
    recording: Recording
    request: Request


def _by_id(terms: tuple[Terms, ...]) -> tuple[Terms, ...]:
    return tuple(_steadily(terms, [one.id for one in terms]))


def _steadily(items: Iterable[T], ids: list[str]) -> list[T]:
    """Sort by id, as ties are broken; where ids are doubled, by content, whatever the order."""
    pairs = list(zip(ids, items, strict=True))
    if len(set(ids)) < len(ids):
        return [
            item
            for _, _, item in sorted(
                ((name, _content(one), one) for name, one in pairs), key=itemgetter(0, 1)
            )
        ]
    return [item for _, item in sorted(pairs, key=itemgetter(0))]


def _content(value: object) -> str:
    """Write a value out, sets in one order."""
    if isinstance(value, frozenset):
        return str(sorted(map(str, value)))
    if isinstance(value, tuple):
        return str([_content(one) for one in value])
    if is_dataclass(value):
        return str([_content(getattr(value, one.name)) for one in fields(value) if one.init])
    return repr(value)


def _lineages(judged: Iterable[Agreement], every: Iterable[Agreement]) -> dict[str, Lineage]:
    """Group `judged` by lineage; a withdrawal counts for the lineage wherever it stands."""
    groups: dict[str, list[Agreement]] = {}
    for agreement in judged:
        groups.setdefault(agreement.lineage, []).append(agreement)
    ends: dict[str, list[Withdrawal]] = {}
    for agreement in every:
        ends.setdefault(agreement.lineage, []).extend(agreement.withdrawals)
    return {name: Lineage(name, tuple(groups[name]), tuple(ends[name])) for name in sorted(groups)}


def _ends(recording: Recording) -> Iterator[int]:
    """Give every moment at which the recording's own facts may change (R18)."""
    for agreement in recording.agreements:
        for terms in (*agreement.grants, *agreement.prohibitions):
            yield terms.opens
            yield terms.closes
        for withdrawal in agreement.withdrawals:
            yield withdrawal.at
            yield withdrawal.at + withdrawal.grace
    for publication in recording.publications:
        yield publication.opens
        yield publication.closes
    for takedown in recording.takedowns:
        yield takedown.opens
        yield takedown.closes
