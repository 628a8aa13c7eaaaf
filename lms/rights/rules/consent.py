"""What a rightsholder is asked for and answers, item by item, and the grants that follow.

The same value is the proposal and the answer: an answer may narrow what was proposed, never
widen it. Days are calendar days in Japan, both included; there is no "for three months".
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Final, TypeAlias

from lms.kernel.errors import InvalidInputError
from lms.rights.errors import BadFactsError
from lms.rights.rules.facts import Reach

Json: TypeAlias = dict[str, Any]

USES: Final = (
    "play", "display", "download", "print", "screen", "live", "embed", "guest_link",
)  # fmt: skip
"""What a recording or a paper can be put to, in the order of the form."""

PURPOSES: Final = ("education", "public_relations", "research")

EDITS: Final = ("trim", "cut", "join", "sound")
"""Shorten at both ends, take parts out, join with others, mend picture and sound."""

ADAPTATIONS: Final = ("captions", "translation", "transcript", "summary")
"""Adaptations in the sense of articles 27 and 28: each is asked on its own."""

MORAL: Final = ("consult", "no_change", "technical")
"""Ask me before any other change; no other change; technically needed ones without asking."""

THIRD_PARTY: Final = ("unknown", "none", "some")

AFTER: Final = ("destroy", "ask", "keep")
"""After the period: destroy the files; ask again before that; keep them hidden as a record."""

CHECKLIST: Final = ("notice", "told", "off_camera", "music_off", "slides", "stop")
"""The points of the venue where something is recorded; their sentences stand in `texts`."""

MAX_GRACE_HOURS: Final = 72
_LENGTHS: Final = {"credit": 200, "fee": 200, "third_party_list": 2000, "remark": 2000}
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class ConsentTerms:
    """What is asked of a rightsholder, or what they answered.

    `record`: may be recorded at all; None where that is no question (a paper, a finished
    recording). `reach` None admits only `orgs`; else `orgs` are admitted beyond it, and with
    `only` just these organisations within it. `course`: an edition's id, for its enrolled
    participants only. `purposes` empty is none. `territory` None is the world. `grace_hours`:
    how long a viewing that has begun may still run after a withdrawal. `portrait`: face and
    voice may be shown; None where that is no question. `remark` is the rightsholder's own.
    """

    record: bool | None = None
    uses: frozenset[str] = frozenset()
    reach: Reach | None = Reach.AFFILIATE
    orgs: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()
    course: str = ""
    purposes: frozenset[str] = frozenset({"education"})
    first_on: date | None = None
    last_on: date | None = None
    territory: frozenset[str] | None = None
    edits: frozenset[str] = frozenset()
    captions: bool = False
    translation: bool = False
    transcript: bool = False
    summary: bool = False
    credit: str = ""
    moral: str = "consult"
    third_party: str = "unknown"
    third_party_list: str = ""
    portrait: bool | None = None
    fee: str = ""
    grace_hours: int = 0
    after: str = "destroy"
    watermark: bool = False
    stream_only: bool = False
    remark: str = ""

    def to_json(self) -> Json:
        """Return the value as plain JSON, every field named."""
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "ConsentTerms":
        """Read what `to_json` wrote; absent fields have their defaults.

        Raises BadFactsError for a field or a value that is not known.
        """
        known = {one.name for one in fields(cls)}
        for name in value:
            if name not in known:
                raise BadFactsError(f"consent terms have no field {name!r}.")
        try:
            found = {name: _READERS.get(name, _as_is)(one) for name, one in value.items()}
            return cls(**found)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise BadFactsError(f"consent terms cannot be read: {error}.") from None

    @property
    def is_refusal(self) -> bool:
        """Whether nothing at all is allowed by it."""
        return self.record is False or (self.record is None and not self.uses)


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Reach):
        return value.name.lower()
    if isinstance(value, date):
        return value.isoformat()
    return value


def _as_is(value: Any) -> Any:
    return value


def _a_set(value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TypeError("a list of texts is needed")
    return frozenset(value)


def _perhaps(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(("uses", "orgs", "only", "purposes", "edits"), _a_set),
    "reach": _perhaps(lambda value: Reach[str(value).upper()]),
    "first_on": _perhaps(date.fromisoformat),
    "last_on": _perhaps(date.fromisoformat),
    "territory": _perhaps(_a_set),
}


def check_terms(terms: ConsentTerms) -> None:
    """Refuse what cannot be asked or answered.

    Raises InvalidInputError (uses, reach, only, purposes, last_on, territory, edits, credit,
    moral, third_party, third_party_list, fee, grace_hours, after, remark). What allows nothing
    is an answer too: it needs no purposes and no days.
    """
    _check_words(terms)
    first, last = terms.first_on, terms.last_on
    if first is not None and last is not None and last < first:
        raise InvalidInputError("last_on", "last_before_first")
    if terms.territory is not None and not all(_COUNTRY.fullmatch(c) for c in terms.territory):
        raise InvalidInputError("territory", "territory_unreadable")
    if terms.third_party == "some" and not terms.third_party_list.strip():
        raise InvalidInputError("third_party_list", "third_party_missing")
    if not terms.is_refusal and terms.uses:
        _check_limits(terms)


def _check_limits(terms: ConsentTerms) -> None:
    """Refuse limits under which a use that is allowed could never happen."""
    if terms.reach is None and not terms.orgs:
        raise InvalidInputError("orgs", "organisations_missing")
    if not terms.purposes:
        raise InvalidInputError("purposes", "purposes_missing")
    if terms.territory is not None and not terms.territory:
        raise InvalidInputError("territory", "territory_missing")


def _check_words(terms: ConsentTerms) -> None:
    for name, words in (("uses", USES), ("purposes", PURPOSES), ("edits", EDITS)):
        if not getattr(terms, name) <= set(words):
            raise InvalidInputError(name, "choice_unknown")
    for name, choices in (("moral", MORAL), ("third_party", THIRD_PARTY), ("after", AFTER)):
        if getattr(terms, name) not in choices:
            raise InvalidInputError(name, "choice_unknown")
    for name, most in _LENGTHS.items():
        if len(getattr(terms, name)) > most:
            raise InvalidInputError(name, "text_too_long", most=most)
    if not 0 <= terms.grace_hours <= MAX_GRACE_HOURS:
        raise InvalidInputError("grace_hours", "grace_out_of_range", most=MAX_GRACE_HOURS)


def widenings(asked: ConsentTerms, given: ConsentTerms) -> tuple[str, ...]:
    """Return the names of the fields in which an answer goes beyond what was asked for."""
    subsets = ("uses", "purposes", "edits", "orgs")
    found = [name for name in subsets if not getattr(given, name) <= getattr(asked, name)]
    found += [name for name in ADAPTATIONS if getattr(given, name) and not getattr(asked, name)]
    found += [
        name for name in ("watermark", "stream_only")
        if getattr(asked, name) and not getattr(given, name)
    ]  # fmt: skip
    checks = {
        "record": _beyond_tick(asked.record, given.record),
        "portrait": _beyond_tick(asked.portrait, given.portrait),
        "reach": given.reach is not None and (asked.reach is None or given.reach > asked.reach),
        "only": bool(asked.only)
        and given.reach is not None
        and not (given.only and given.only <= asked.only),
        "course": bool(asked.course) and given.course != asked.course,
        "first_on": asked.first_on is not None
        and (given.first_on is None or given.first_on < asked.first_on),
        "last_on": asked.last_on is not None
        and (given.last_on is None or given.last_on > asked.last_on),
        "territory": asked.territory is not None
        and (given.territory is None or not given.territory <= asked.territory),
        "grace_hours": given.grace_hours > asked.grace_hours,
        "after": AFTER.index(given.after) > AFTER.index(asked.after),
        "fee": given.fee != asked.fee,
    }
    found += [name for name, beyond in checks.items() if beyond]
    order = {one.name: place for place, one in enumerate(fields(ConsentTerms))}
    return tuple(sorted(found, key=order.__getitem__))


def _beyond_tick(asked: bool | None, given: bool | None) -> bool:  # noqa: FBT001 - two ticks
    # Where recording is ruled out from the start, leaving the question open would allow it.
    return (bool(given) and not asked) or (asked is False and given is None)


_OWN_WORDS: Final = frozenset({"credit", "moral", "third_party", "third_party_list", "remark"})


def is_as_asked(asked: ConsentTerms, given: ConsentTerms) -> bool:
    """Whether all that was asked for is allowed; a rightsholder's own wording does not count."""
    own = {name: getattr(asked, name) for name in _OWN_WORDS}
    return replace(given, **own) == asked


def judge_answer(asked: ConsentTerms, given: ConsentTerms) -> str:
    """Return how an answer reads: `yes`, `narrower` or `no`. Raises InvalidInputError.

    `widened` names the first field that goes beyond what was asked for.
    """
    check_terms(given)
    if given.is_refusal:
        return "no"
    beyond = widenings(asked, given)
    if beyond:
        raise InvalidInputError(beyond[0], "answer_widens")
    return "yes" if is_as_asked(asked, given) else "narrower"


def refused(
    asked: ConsentTerms, *, nothing_recorded: bool = False, remark: str = ""
) -> ConsentTerms:
    """Return the answer that allows no use; `nothing_recorded` says no to recording outright."""
    return ConsentTerms(
        record=False if nothing_recorded else None,
        reach=asked.reach,
        orgs=asked.orgs,
        purposes=frozenset(),
        remark=remark,
    )


def grants_of(terms: ConsentTerms, *, pictured: bool = True) -> tuple[Json, ...]:
    """Return the grants in the case format, without their window; alternatives where several.

    `pictured`: the recording shows people. Who does not allow their portrait then grants
    nothing: a film cannot be shown without it, its sound alone could.
    """
    if terms.is_refusal or not terms.uses or (pictured and terms.portrait is False):
        return ()
    conditions: Json = {
        "actions": sorted(terms.uses),
        "purposes": sorted(terms.purposes),
        "territory": None if terms.territory is None else sorted(terms.territory),
        "enrolled": {"course": terms.course} if terms.course else None,
        "obligations": list(_duties(terms)),
    }
    common = {name: value for name, value in conditions.items() if value}
    found: list[Json] = []
    if terms.reach is not None:
        audience: Json = {"reach": terms.reach.name.lower()}
        if terms.only:
            audience["orgs"] = sorted(terms.only)
        found.append({**common, "audience": audience})
    if terms.orgs and (terms.reach is not Reach.OUTSIDE or terms.only):
        found.append({**common, "audience": {"reach": "outside", "orgs": sorted(terms.orgs)}})
    return tuple(found)


def _duties(terms: ConsentTerms) -> Iterable[str]:
    if terms.watermark:
        yield "watermark"
    if terms.stream_only:
        yield "stream_only"
    if credit := terms.credit.strip():
        yield f"attribution:{credit}"


@dataclass(frozen=True, slots=True)
class SpeakerStanding:
    """One lineage of somebody whose words a session is, for the question of recording it.

    `consents`: signed, agreed to be recorded, and not taken back. `forbids`: refused, or taken
    back, with nothing signed after.
    """

    consents: bool = False
    forbids: bool = False


def judge_recording(speakers: Iterable[SpeakerStanding], *, planned: bool) -> str:
    """Return whether a session may be recorded: '' (no plan), asked, allowed or forbidden.

    One who forbids is enough; allowed only when every one of them consents, and there is one.
    """
    found = tuple(speakers)
    if any(one.forbids for one in found):
        return "forbidden"
    if not planned and not found:
        return ""
    if found and all(one.consents for one in found):
        return "allowed"
    return "asked"


OTHER_LENGTH: Final = 500


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """What a rightsholder chose for one item.

    `choice` is yes (as asked), narrower, no (no use), nothing (may be recorded at all) or not_mine
    (somebody else holds it). `terms` are their limits for `narrower`, and carry their own wording
    (credit, moral rights, third-party material, remark) for every choice. `other`: who holds it
    instead.
    """

    choice: str
    terms: ConsentTerms = ConsentTerms()
    other: str = ""

    def to_json(self) -> Json:
        """Return the answer as plain JSON."""
        return {"choice": self.choice, "given": self.terms.to_json(), "other": self.other}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "ItemAnswer":
        """Read what `to_json` wrote. Raises BadFactsError."""
        try:
            terms = ConsentTerms.from_json(value["given"])
            return cls(str(value["choice"]), terms, str(value.get("other", "")))
        except (KeyError, TypeError) as error:
            raise BadFactsError(f"an answer cannot be read: {error}.") from None


@dataclass(frozen=True, slots=True)
class Settled:
    """An answer judged: how it reads, and what is given (None where nobody could say)."""

    outcome: str
    given: ConsentTerms | None


def settle_answer(asked: ConsentTerms, answer: ItemAnswer) -> Settled:
    """Judge what was chosen for an item against what was asked.

    `outcome` is yes, narrower, no or not_mine. Raises InvalidInputError (choice, other, and the
    fields of the terms).
    """
    own = {name: getattr(answer.terms, name) for name in _OWN_WORDS}
    match answer.choice:
        case "yes":
            given = replace(asked, **own)
            return Settled(judge_answer(asked, given), given)
        case "narrower":
            return Settled(judge_answer(asked, answer.terms), answer.terms)
        case "no" | "nothing":
            nothing = answer.choice == "nothing"
            if nothing and asked.record is None:
                raise InvalidInputError("choice", "choice_unknown")
            given = refused(asked, nothing_recorded=nothing, remark=answer.terms.remark)
            check_terms(given)
            return Settled("no", given)
        case "not_mine":
            if not answer.other.strip():
                raise InvalidInputError("other", "other_holder_missing")
            if len(answer.other) > OTHER_LENGTH:
                raise InvalidInputError("other", "text_too_long", most=OTHER_LENGTH)
            return Settled("not_mine", None)
        case _:
            raise InvalidInputError("choice", "choice_missing")
