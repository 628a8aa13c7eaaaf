"""What the rights desk reads: kinds, standings, scopes in words, refusals."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lms.infra.site import read_site
from lms.kernel.clock import day_in, from_ms
from lms.kernel.dates import format_day
from lms.kernel.errors import ForbiddenError, InvalidInputError, RefusedError
from lms.kernel.localized import pick
from lms.rights.errors import RightsRefusedError
from lms.rights.rules import Reach, Scope
from lms.rights.rules.codes import Code
from lms.rights.rules.facts import BEGINNING, END
from lms.rights.rules.standing import Standing
from lms.rights.texts.codes import STAFF_TEXTS

KINDS: Final[Mapping[str, Any]] = {
    "speaker": _l("Speaker"),
    "slides": _l("Author of the slides or the paper"),
    "music": _l("Music"),
    "performer": _l("Performer"),
    "person_shown": _l("Person shown"),
    "interpreter": _l("Interpreter"),
}

STATUSES: Final[Mapping[str, Any]] = {
    "signed": _l("Signed"),
    "requested": _l("Asked, no answer yet"),
    "refused": _l("Refused"),
}

ACTIONS: Final[Mapping[str, Any]] = {
    "play": _l("Play on this site"),
    "display": _l("Read on this site"),
    "download": _l("Download"),
    "print": _l("Print"),
    "screen": _l("Show to people in a room"),
    "live": _l("Stream live"),
    "embed": _l("Embed in other sites"),
}

PURPOSES: Final[Mapping[str, Any]] = {
    "education": _l("Education of trade unionists"),
    "public_relations": _l("Public relations"),
    "research": _l("Research"),
}

CHANNELS: Final[Mapping[str, Any]] = {
    "lms_web": _l("This site in a browser"),
    "lms_app": _l("An app of this site"),
    "venue": _l("A venue"),
}

STANDINGS: Final[Mapping[Standing, Any]] = {
    Standing.REQUESTED: _l("Waiting for the signature"),
    Standing.REFUSED: _l("Refused"),
    Standing.WITHDRAWN: _l("Taken back"),
    Standing.NOT_YET: _l("Not begun"),
    Standing.IN_FORCE: _l("Signed"),
    Standing.ENDING: _l("Ends soon"),
    Standing.EXPIRED: _l("Ended"),
}

STANDING_CHIPS: Final[Mapping[Standing, str]] = {
    Standing.REQUESTED: "wait",
    Standing.REFUSED: "no",
    Standing.WITHDRAWN: "no",
    Standing.NOT_YET: "soon",
    Standing.IN_FORCE: "done",
    Standing.ENDING: "soon",
    Standing.EXPIRED: "plain",
}

_OBLIGATIONS: Final[Mapping[str, Any]] = {
    "watermark": _l("watermark"),
    "stream_only": _l("streaming only"),
    "audit": _l("logged"),
    "tracking": _l("logged"),
}

_REFUSALS: Final[Mapping[str, Any]] = {
    "not_ready": _l("It has not been processed yet. Publish it when it is ready for review."),
    "taken_down": _l("It is taken down. Lift that first."),
    "not_taken_down": _l("It is not taken down. Please load the page again."),
    "not_published": _l("It is not published. Please load the page again."),
    "already_withdrawn": _l("This agreement was withdrawn already."),
    "already_closed": _l("It is closed already. Please load the page again."),
    "already_ticked": _l("This copy was ticked already. Please load the page again."),
    "not_requested": _l("An answer to this request was entered already."),
}

_INVALID: Final[Mapping[str, Any]] = {
    "holder_missing": _l("Please write who holds the rights."),
    "holder_unknown": _l("No one account has this sign-in ID or address."),
    "kind_unknown": _l("Please choose one of the kinds."),
    "status_unknown": _l("Please choose one of the answers."),
    "nothing_granted": _l("Please tick at least one use that was agreed to."),
    "nothing_published": _l("Please tick at least one use."),
    "organisations_missing": _l("Please name at least one organisation."),
    "signature_date_missing": _l("Please write the day of the signature."),
    "signature_in_future": _l("The day of the signature has not come yet."),
    "last_before_first": _l("The last day lies before the first."),
    "retention_unknown": _l("This kind of record is not known."),
    "retention_days": _l("Please write 0, or a number of days that is not below the least."),
    "reason_missing": _l("Please write the reason."),
    "lineage_unknown": _l("Please choose one of the agreements of this recording."),
    "conditions_unreadable": _l("These conditions cannot be read. Please check them."),
    "territory_unreadable": _l("Please write countries as two letters, such as JP, MY."),
}


def refusal_sentence_of(error: RefusedError | ForbiddenError | InvalidInputError) -> str | None:
    """Return the sentence for a refusal of this feature, or None."""
    if isinstance(error, RightsRefusedError):
        if error.code == "nobody_allowed":
            return nobody_text(error.facts.get("missing"))
        return str(_REFUSALS[error.code]) if error.code in _REFUSALS else None
    if isinstance(error, InvalidInputError) and error.code in _INVALID:
        return str(_INVALID[error.code])
    return None


def nobody_text(missing: object) -> str:
    """Say that nobody could see it, with all that is missing."""
    codes = [code for code in missing if code in STAFF_TEXTS] if isinstance(missing, tuple) else []
    reasons = " ".join(str(_(STAFF_TEXTS[code])) for code in codes)
    head = str(_("Nobody could see it, so it was not published."))
    return f"{head} {reasons}".strip()


def gap_texts(gaps: Iterable[Code]) -> list[str]:
    """Return what is missing, one sentence each."""
    return [str(_(STAFF_TEXTS[code])) for code in gaps]


def actions_text(actions: frozenset[str] | None) -> str:
    """Return uses in the order of the form; None = all."""
    if actions is None:
        return str(_("all uses"))
    return str(_(", ")).join(str(name) for key, name in ACTIONS.items() if key in actions)


def reach_text(
    reach: Reach | None, orgs: Iterable[str], names: Mapping[str, str], language: str
) -> str:
    """Return for whom: a step of the ladder and the organisations beyond it."""
    parts = []
    if reach is Reach.OUTSIDE:
        parts.append(str(_("everyone, including overseas and management")))
    elif reach is not None:
        parts.append(str(_("up to %(level)s", level=level_text(reach, language))))
    listed = sorted(names.get(org, org) for org in orgs)
    if listed and reach is not Reach.OUTSIDE:
        parts.append(str(_(", ")).join(listed))
    return " + ".join(parts) or str(_("nobody"))


def level_text(reach: Reach, language: str) -> str:
    """Return the federation's own word for a level."""
    return str(pick(read_site().levels[reach.name.lower()], language).text)


def window_text(opens: int, closes: int, language: str) -> str:
    """Return first and last day in Japan: the end `[.., until)` is the day before its midnight."""
    first = "" if opens == BEGINNING else format_day(day_in(from_ms(opens)), language)
    last = "" if closes == END else format_day(day_in(from_ms(closes - 1)), language)
    if not first and not last:
        return str(_("no end"))
    return f"{first}\u2013{last}" if first else str(_("until %(day)s", day=last))


def scope_text(scope: Scope, names: Mapping[str, str], language: str) -> str:
    """Return a scope in one line, as it stands below the register and on the main button."""
    parts = [brief_text(scope, names, language)]
    if scope.territory is not None:
        parts.append(str(_(", ")).join(sorted(scope.territory)))
    parts.extend(obligation_texts(scope.obligations))
    return " · ".join(parts)


def brief_text(scope: Scope, names: Mapping[str, str], language: str) -> str:
    """Return for whom, until when and for which uses."""
    parts = [reach_text(scope.reach, scope.orgs, names, language)]
    if scope.enrolled_only:
        parts.append(str(_("enrolled participants only")))
    parts.append(window_text(scope.opens, scope.closes, language))
    parts.append(actions_text(scope.actions))
    return " · ".join(parts)


def obligation_texts(obligations: Iterable[str]) -> list[str]:
    """Return obligations in words; attributions as the name to be shown."""
    found = []
    for duty in obligations:
        if duty.startswith("attribution:"):
            name = duty.removeprefix("attribution:")
            found.append(str(_("credit: %(name)s", name=name)))
        else:
            found.append(str(_OBLIGATIONS.get(duty, duty)))
    return found
