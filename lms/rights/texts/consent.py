"""The words of consent: what is asked, item by item, for pages, letters and the signed copy."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from lms.kernel.dates import format_day
from lms.kernel.errors import InvalidInputError
from lms.rights.errors import RightsRefusedError
from lms.rights.rules import Reach
from lms.rights.rules.consent import ADAPTATIONS, EDITS, PURPOSES, USES, ConsentTerms
from lms.rights.texts.desk import ACTIONS, level_text
from lms.rights.texts.desk import PURPOSES as PURPOSE_NAMES

USE_NAMES: Final[Mapping[str, Any]] = {
    **ACTIONS,
    "guest_link": _l("Watch by a link, without an account"),
}

EDIT_NAMES: Final[Mapping[str, Any]] = {
    "trim": _l("Shorten at the beginning and at the end"),
    "cut": _l("Take parts out"),
    "join": _l("Join with other recordings"),
    "sound": _l("Mend picture and sound"),
}

ADAPTATION_NAMES: Final[Mapping[str, Any]] = {
    "captions": _l("Captions in the language spoken"),
    "translation": _l("Translation (captions or dubbing in other languages)"),
    "transcript": _l("Transcript to read"),
    "summary": _l("Summary"),
}

MORAL_NAMES: Final[Mapping[str, Any]] = {
    "consult": _l("Ask me before any other change"),
    "no_change": _l("No other change"),
    "technical": _l("Changes that are technically needed, without asking"),
}

THIRD_PARTY_NAMES: Final[Mapping[str, Any]] = {
    "unknown": _l("I do not know"),
    "none": _l("Nothing of others is in it"),
    "some": _l("There is something of others in it (name it below)"),
}

AFTER_NAMES: Final[Mapping[str, Any]] = {
    "destroy": _l("Destroy the files"),
    "ask": _l("Ask me again before it ends; without an answer destroy the files"),
    "keep": _l("Keep them hidden, as a record"),
}

MAKING_NAMES: Final[Mapping[str, Any]] = {
    **{name: ADAPTATION_NAMES[name] for name in ("captions", "translation", "transcript")},
    **{name: EDIT_NAMES[name] for name in ("trim", "cut")},
}

CHOICE_NAMES: Final[Mapping[str, Any]] = {
    "yes": _l("I allow it as asked"),
    "narrower": _l("I allow less (set the limits below)"),
    "no": _l("I do not allow it"),
    "nothing": _l("I do not want to be recorded at all"),
    "not_mine": _l("Somebody else holds these rights"),
}

OUTCOME_NAMES: Final[Mapping[str, Any]] = {
    "": _l("Waiting for an answer"),
    "yes": _l("Allowed as asked"),
    "narrower": _l("Allowed within limits"),
    "no": _l("Not allowed"),
    "not_mine": _l("Somebody else holds it"),
    "not_found": _l("Nobody could be found"),
}

OUTCOME_CHIPS: Final[Mapping[str, str]] = {
    "": "wait",
    "yes": "done",
    "narrower": "soon",
    "no": "no",
    "not_mine": "wait",
    "not_found": "no",
}

STATE_NAMES: Final[Mapping[str, Any]] = {
    "open": _l("Waiting for an answer"),
    "answered": _l("Answered"),
    "cancelled": _l("Cancelled"),
    "expired": _l("The link has run out"),
}

STATE_CHIPS: Final[Mapping[str, str]] = {
    "open": "wait",
    "answered": "done",
    "cancelled": "plain",
    "expired": "no",
}

REQUEST_KIND_NAMES: Final[Mapping[str, Any]] = {
    "consent": _l("Request for permission to record and to use"),
    "backlog": _l("Request for permission to use what we hold already"),
    "renewal": _l("Request to renew a permission"),
}

RECORDING_STATES: Final[Mapping[str, Any]] = {
    "asked": _l("Whether it may be recorded is not settled yet. Do not record."),
    "allowed": _l("This session is recorded, with the consent of those who speak."),
    "forbidden": _l("Nothing may be recorded."),
}

CHECKLIST: Final[Mapping[str, Any]] = {
    "notice": _l("A notice that the session is recorded hangs at the entrance"),
    "told": _l("It is said at the beginning, in the room and on the web"),
    "off_camera": _l("There are seats that no camera sees, and they are marked"),
    "music_off": _l("No music runs before, between and after"),
    "slides": _l("Whoever shares slides knows which may not be recorded"),
    "stop": _l("Somebody is named who stops the recording when asked to"),
}

_REFUSALS: Final[Mapping[str, Any]] = {
    "asked_already": _l("This is asked for in a letter that waits for its answer already."),
    "request_closed": _l(
        "This letter does not wait for an answer any more. Please load the page again."
    ),
    "no_email": _l("There is no e-mail address of this rightsholder. Print the letter instead."),
    "code_too_often": _l(
        "Too many codes were asked for today. Please try again tomorrow, or contact our office."
    ),
    "nothing_planned": _l("No recording is planned for this session yet. Plan one first."),
    "session_cancelled": _l("This session was cancelled. Nothing can be planned for it."),
    "answers_changed": _l(
        "The answers were changed in the meantime. Please read them again before you sign."
    ),
}

_INVALID: Final[Mapping[str, Any]] = {
    "choice_unknown": _l("Please choose among what is offered."),
    "choice_missing": _l("Please choose one of the answers."),
    "answer_widens": _l(
        "This goes beyond what was asked for. You can allow less; for more, please write to us."
    ),
    "grace_out_of_range": _l("Please write hours from 0 to 72."),
    "third_party_missing": _l("Please name what in it belongs to others."),
    "purposes_missing": _l("Please tick at least one purpose."),
    "territory_missing": _l("Please name at least one country."),
    "other_holder_missing": _l("Please write who holds these rights, as far as you know."),
    "signature_name_missing": _l("Please write your name: it is your signature."),
    "tick_missing": _l("Please tick that you have read it and mean it."),
    "code_missing": _l("Please write the six digits from our mail."),
    "code_wrong": _l("This is not the code from our mail. Please look again."),
    "code_over": _l("This code does not work any more. Please ask for a new one."),
    "agreements_missing": _l("Please choose at least one item."),
    "agreements_of_another": _l("This item belongs to another rightsholder."),
    "last_day_missing": _l(
        "Please write the last day: a permission is asked for up to a calendar day."
    ),
    "due_in_past": _l("This day has passed already."),
    "kana_unreadable": _l("Please write the reading in kana."),
    "email_unreadable": _l("Please write an e-mail address, such as name@example.org."),
    "scan_missing": _l("Please choose the scan of the signed form."),
    "scan_unreadable": _l("This is neither a PDF nor a picture (JPEG, PNG) that can be opened."),
    "scan_too_large": _l("The file is too large. A scan of a form has 20 MB at most."),
}


def consent_refusal_of(error: object) -> str | None:
    """Return the sentence for a refusal about consent, or None."""
    if isinstance(error, RightsRefusedError) and error.code in _REFUSALS:
        return str(_REFUSALS[error.code])
    if isinstance(error, InvalidInputError):
        if error.code == "text_too_long":
            most = error.facts.get("most", 0)
            return str(_("Please write at most %(most)s characters.", most=most))
        if error.code in _INVALID:
            return str(_INVALID[error.code])
    return None


def sentence(code: str) -> str:
    """Return the sentence for what is wrong with an input, by its code."""
    return str(_INVALID[code])


def ruled_out_words(allowed: frozenset[str]) -> str:
    """Return what the rightsholders do not let be made, in words; '' where they let all be made."""
    return _joined(str(name) for key, name in MAKING_NAMES.items() if key not in allowed)


def after_words(answers: Mapping[str, Any]) -> str:
    """Return what an agreement says of the time after its period; '' where no form asked."""
    said = answers.get("given") or answers.get("asked")
    return str(AFTER_NAMES[ConsentTerms.from_json(said).after]) if said else ""


def reach_words(terms: ConsentTerms, names: Mapping[str, str], language: str) -> str:
    """Return for whom, in words."""
    parts: list[str] = []
    if terms.reach is not None and terms.only:
        parts.append(
            str(_("only %(names)s", names=_joined(names.get(o, o) for o in sorted(terms.only))))
        )
    elif terms.reach is Reach.OUTSIDE:
        parts.append(str(_("everyone, including overseas and management")))
    elif terms.reach is not None:
        parts.append(str(_("up to %(level)s", level=level_text(terms.reach, language))))
    if terms.orgs:
        parts.append(_joined(names.get(o, o) for o in sorted(terms.orgs)))
    if terms.course:
        parts.append(str(_("enrolled participants of this course only")))
    return " + ".join(parts) or str(_("nobody"))


def period_words(first: date | None, last: date | None, language: str) -> str:
    """Return the period with its calendar days; both days count."""
    begins = "" if first is None else format_day(first, language)
    ends = "" if last is None else format_day(last, language)
    if begins and ends:
        return str(_("from %(first)s to %(last)s (both days included)", first=begins, last=ends))
    if begins:
        return str(_("from %(first)s, without an end", first=begins))
    if ends:
        return str(_("until %(last)s (this day included)", last=ends))
    return str(_("without an end"))


def territory_words(territory: frozenset[str] | None) -> str:
    """Return where it may be used: the world, or countries by their codes."""
    return str(_("The whole world")) if territory is None else _joined(sorted(territory))


def grace_words(hours: int) -> str:
    """Return what happens to viewings that have begun when consent is withdrawn."""
    if hours == 0:
        return str(_("It can be withdrawn at any time and holds at once; viewings are stopped."))
    return str(
        ngettext(
            "It can be withdrawn at any time and holds at once; viewings that have begun may run "
            "on for %(num)s hour.",
            "It can be withdrawn at any time and holds at once; viewings that have begun may run "
            "on for %(num)s hours.",
            hours,
        )
    )


def terms_rows(
    terms: ConsentTerms,
    names: Mapping[str, str],
    language: str,
    *,
    asked: bool = False,
    own_words: bool = True,
) -> list[tuple[str, str]]:
    """Return what is asked or allowed as (item, words), in the order of the form.

    `names` of organisations by id. `asked`: it is a question still, not an answer. `own_words`:
    also the rightsholder's own wording.
    """
    rows: list[tuple[str, str]] = []
    if terms.record is not None:
        rows.append((str(_("Being recorded")), _allowed(asked=asked, ticked=terms.record)))
    rows.append((str(_("Uses")), _named(USE_NAMES, USES, terms.uses)))
    rows.append((str(_("For whom")), reach_words(terms, names, language)))
    rows.append((str(_("Purposes")), _named(PURPOSE_NAMES, PURPOSES, terms.purposes)))
    rows.append((str(_("Period")), period_words(terms.first_on, terms.last_on, language)))
    rows.append((str(_("Territory")), territory_words(terms.territory)))
    rows.append((str(_("Edits")), _named(EDIT_NAMES, EDITS, terms.edits)))
    rows += [
        (str(ADAPTATION_NAMES[name]), _allowed(asked=asked, ticked=getattr(terms, name)))
        for name in ADAPTATIONS
    ]
    if terms.portrait is not None:
        rows.append((str(_("Face and voice shown")), _allowed(asked=asked, ticked=terms.portrait)))
    rows += _protections(terms)
    rows.append((str(_("Fee")), terms.fee.strip() or str(_("none"))))
    rows.append((str(_("Withdrawal")), grace_words(terms.grace_hours)))
    rows.append((str(_("After the period")), str(AFTER_NAMES[terms.after])))
    return rows + (_own_words(terms) if own_words else [])


def _protections(terms: ConsentTerms) -> list[tuple[str, str]]:
    duties = []
    if terms.watermark:
        duties.append(str(_("name and time of the viewer in the picture")))
    if terms.stream_only:
        duties.append(str(_("streaming only, no copies")))
    return [(str(_("Protection")), _joined(duties))] if duties else []


def _own_words(terms: ConsentTerms) -> list[tuple[str, str]]:
    rows = [
        (str(_("Wording of the name")), terms.credit.strip() or str(_("as in our letter"))),
        (str(_("Moral rights")), str(MORAL_NAMES[terms.moral])),
        (str(_("Material of others in it")), str(THIRD_PARTY_NAMES[terms.third_party])),
    ]
    if terms.third_party_list.strip():
        rows.append((str(_("Which material")), terms.third_party_list.strip()))
    if terms.remark.strip():
        rows.append((str(_("Remark")), terms.remark.strip()))
    return rows


def _allowed(*, asked: bool, ticked: bool) -> str:
    if asked:
        return str(_("asked for")) if ticked else str(_("not asked for"))
    return str(_("yes")) if ticked else str(_("no"))


def _named(names: Mapping[str, Any], order: Iterable[str], chosen: frozenset[str]) -> str:
    return _joined(str(names[key]) for key in order if key in chosen) or str(_("none"))


def _joined(words: Iterable[str]) -> str:
    return str(_(", ")).join(words)
