"""Codes -> sentences. Every code has one for the viewer and one for staff.

The viewer's sentence never says that a rightsholder refused, withdrew or has not signed: those
codes share one neutral sentence. In a request use `gettext(VIEWER_TEXTS[code])`; where there
is none (commands, letters) the functions take the language.
"""

from typing import Final

from lms.infra.i18n import LANGUAGES, N_, translate
from lms.rights.rules import Change, Code, Decision, Verb

_UNAVAILABLE: Final = N_("This material is not available.")
_AUDIENCE: Final = N_("This material is open to another circle of people than yours.")
_NAMED: Final = N_("This material is open only to people who are named for it.")
_ORG: Final = N_("This material is open to the members of certain organisations only.")
_ROOM: Final = N_("This material may not be shown to so wide an audience in the room.")
_ACTION: Final = N_("This material cannot be used in this way.")
_PURPOSE: Final = N_("This material cannot be used for this purpose.")
_CHANNEL: Final = N_("This material cannot be used on this site or in this place.")
_TERRITORY: Final = N_("This material cannot be viewed from the country you are in.")
_COUNTRY: Final = N_("Please state which country you are in to view this material.")
_ENROLMENT: Final = N_("This material is for participants enrolled in the course.")
_ATTENDANCE: Final = N_("This material is for those who attended the session.")
_NOT_YET: Final = N_("This material cannot be viewed yet.")
_ENDED: Final = N_("The period in which this material could be viewed has ended.")
_VIEWS: Final = N_("You have used all your views of this material.")
_ALLOWED: Final = N_("You can view this material.")

VIEWER_TEXTS: Final[dict[Code, str]] = {
    Code.INVALID_REQUEST: N_("This request cannot be understood."),
    Code.RECORDING_DELETED: N_("This material no longer exists."),
    Code.ACCOUNT_SUSPENDED: N_("Your account is suspended."),
    Code.TAKEDOWN: N_("This material is not shown for the time being."),
    Code.RIGHTS_WITHDRAWN: _UNAVAILABLE,
    Code.RIGHTS_PROHIBITED: _UNAVAILABLE,
    Code.RIGHTS_MISSING: _UNAVAILABLE,
    Code.RIGHTS_REFUSED: _UNAVAILABLE,
    Code.RIGHTS_UNSIGNED: _UNAVAILABLE,
    Code.NO_RECORDING_CONSENT: _UNAVAILABLE,
    Code.UNAVAILABLE: _UNAVAILABLE,
    Code.NOT_PUBLISHED: N_("This material has not been published."),
    Code.LOGIN_REQUIRED: N_("Please sign in to view this material."),
    Code.RIGHTS_EXPIRED: _ENDED,
    Code.RIGHTS_ACTION: _ACTION,
    Code.RIGHTS_PURPOSE: _PURPOSE,
    Code.RIGHTS_CHANNEL: _CHANNEL,
    Code.RIGHTS_TERRITORY_UNKNOWN: _COUNTRY,
    Code.RIGHTS_TERRITORY: _TERRITORY,
    Code.RIGHTS_AUDIENCE: _AUDIENCE,
    Code.RIGHTS_ROOM: _ROOM,
    Code.RIGHTS_ORG: _ORG,
    Code.RIGHTS_PERSON: _NAMED,
    Code.PUB_ACTION: _ACTION,
    Code.PUB_AUDIENCE: _AUDIENCE,
    Code.PUB_ROOM: _ROOM,
    Code.PUB_ORG: _ORG,
    Code.PUB_PERSON: _NAMED,
    Code.PUB_PURPOSE: _PURPOSE,
    Code.PUB_CHANNEL: _CHANNEL,
    Code.PUB_TERRITORY: _TERRITORY,
    Code.PUB_TERRITORY_UNKNOWN: _COUNTRY,
    Code.PUB_VIEWS: _VIEWS,
    Code.RIGHTS_ENROLMENT: _ENROLMENT,
    Code.PUB_ENROLMENT: _ENROLMENT,
    Code.RIGHTS_ATTENDANCE: _ATTENDANCE,
    Code.PUB_ATTENDANCE: _ATTENDANCE,
    Code.RIGHTS_NOT_YET: _NOT_YET,
    Code.PUB_NOT_YET: _NOT_YET,
    Code.PUB_ENDED: _ENDED,
    Code.RIGHTS_VIEWS: _VIEWS,
    Code.RIGHTS_SEGMENTS: N_("This material can be watched here only, as parts are left out."),
    Code.ALL_HIDDEN: N_("No part of this material can be shown at present."),
    Code.STAFF_ONLY: N_("Only the staff in charge may do this."),
    Code.ALLOW: _ALLOWED,
    Code.ALLOW_PREVIEW: N_("You can preview this material as staff; the preview is logged."),
    Code.ALLOW_OVERRIDE: N_("You can view this material by a special permission."),
    Code.ALLOW_EVIDENCE: N_("You can view this material as evidence; the viewing is logged."),
}

STAFF_TEXTS: Final[dict[Code, str]] = {
    Code.INVALID_REQUEST: N_("The request names an action that does not exist."),
    Code.RECORDING_DELETED: N_("The material was deleted."),
    Code.ACCOUNT_SUSPENDED: N_("The person's account is suspended."),
    Code.TAKEDOWN: N_("The material was taken down: nobody may see it, staff included."),
    Code.RIGHTS_WITHDRAWN: N_("A rightsholder withdrew the permission and has not renewed it."),
    Code.RIGHTS_PROHIBITED: N_("A rightsholder or a takedown prohibits this use."),
    Code.RIGHTS_MISSING: N_("There is no agreement with a rightsholder who must be asked."),
    Code.RIGHTS_REFUSED: N_("A rightsholder refused."),
    Code.RIGHTS_UNSIGNED: N_("An agreement has not been signed yet."),
    Code.NO_RECORDING_CONSENT: N_("The speaker's consent to be recorded is not on file."),
    Code.UNAVAILABLE: N_("What a rightsholder decided or left open stands in the way."),
    Code.NOT_PUBLISHED: N_("The material is not published."),
    Code.LOGIN_REQUIRED: N_("The person is not signed in; signing in might be enough."),
    Code.RIGHTS_EXPIRED: N_("The period of the agreement has ended."),
    Code.RIGHTS_ACTION: N_("The agreement does not permit this action."),
    Code.RIGHTS_PURPOSE: N_("The agreement does not permit this purpose."),
    Code.RIGHTS_CHANNEL: N_("The agreement does not permit this channel."),
    Code.RIGHTS_TERRITORY_UNKNOWN: N_(
        "The agreement is limited to countries, and the person's country is not known."
    ),
    Code.RIGHTS_TERRITORY: N_("The agreement does not cover the person's country."),
    Code.RIGHTS_AUDIENCE: N_("The agreement does not reach as far as this person."),
    Code.RIGHTS_ROOM: N_("The agreement does not reach as far as the audience in the room."),
    Code.RIGHTS_ORG: N_("The agreement does not name an organisation of this person."),
    Code.RIGHTS_PERSON: N_("The agreement names persons, and this person is not among them."),
    Code.PUB_ACTION: N_("The material is not published for this action."),
    Code.PUB_AUDIENCE: N_("The publication does not reach as far as this person."),
    Code.PUB_ROOM: N_("The publication does not reach as far as the audience in the room."),
    Code.PUB_ORG: N_("The publication does not name an organisation of this person."),
    Code.PUB_PERSON: N_("The publication names persons, and this person is not among them."),
    Code.PUB_PURPOSE: N_("The material is not published for this purpose."),
    Code.PUB_CHANNEL: N_("The material is not published on this channel."),
    Code.PUB_TERRITORY: N_("The material is not published in the person's country."),
    Code.PUB_TERRITORY_UNKNOWN: N_(
        "The publication is limited to countries, and the person's country is not known."
    ),
    Code.PUB_VIEWS: N_("The person has used all the views that the publication gives."),
    Code.RIGHTS_ENROLMENT: N_("The agreement asks for an enrolment that the person lacks."),
    Code.PUB_ENROLMENT: N_("The publication asks for an enrolment that the person lacks."),
    Code.RIGHTS_ATTENDANCE: N_("The agreement asks for an attendance that is not recorded."),
    Code.PUB_ATTENDANCE: N_("The publication asks for an attendance that is not recorded."),
    Code.RIGHTS_NOT_YET: N_("The period of the agreement has not begun."),
    Code.PUB_NOT_YET: N_("The publication has not begun."),
    Code.PUB_ENDED: N_("The publication has ended."),
    Code.RIGHTS_VIEWS: N_("The person has used all the views that the agreement gives."),
    Code.RIGHTS_SEGMENTS: N_(
        "Parts must be left out, and there is no copy with exactly these cuts."
    ),
    Code.ALL_HIDDEN: N_("Every part would have to be hidden."),
    Code.STAFF_ONLY: N_("The person does not hold the role that this action needs."),
    Code.ALLOW: N_("Rights and publication both permit it."),
    Code.ALLOW_PREVIEW: N_("Permitted as a preview by staff; it is logged."),
    Code.ALLOW_OVERRIDE: N_(
        "The rights permit it; an approved exception stands in for the publication and is logged."
    ),
    Code.ALLOW_EVIDENCE: N_("Permitted as a review of evidence; it is logged."),
}

CHANGE_TEXTS: Final[dict[Verb, str]] = {
    Verb.WAIT_UNTIL: N_("It can be viewed from %(when)s."),
    Verb.LOG_IN: N_("Sign in and try again."),
    Verb.ENROL: N_("Enrol in the course first."),
    Verb.ASK_COORDINATOR: N_("Ask your coordinator."),
    Verb.ASK_RIGHTS_DESK: N_("Ask the rights desk."),
    Verb.USE_OTHER_ACTION: N_("Use it in another way, such as watching it here."),
    Verb.WATCH_FROM: N_("Watch from a country for which it is permitted."),
    Verb.CONFIRM_COUNTRY: N_("State which country you are in."),
    Verb.LIMIT_ROOM: N_("Limit the audience in the room."),
}

DETAIL_TEXTS: Final[dict[str, str]] = {
    "join": N_("Ask the coordinator whether a membership is missing from the records."),
    "widen_publication": N_("Ask the coordinator whether the publication can be widened."),
    "extend_publication": N_("Ask the coordinator whether the publication can be extended."),
    "attendance": N_("Ask the coordinator to check the attendance."),
    "agreement": N_("The rights desk has to ask the rightsholder for an agreement."),
    "sign": N_("The rights desk has to obtain the signature."),
    "renew": N_("The rights desk has to ask for a renewal."),
    "consent": N_("The rights desk has to obtain consent to the recording."),
    "more_views": N_("The rights desk has to ask for more views."),
    "play": N_("Watch it here instead."),
}
"""More exact than the verb alone, where a decision gives a detail."""


def viewer_sentence(language: str, code: Code) -> str:
    """Return the one sentence a viewer is told, in `ja` or `en`."""
    return translate(language, VIEWER_TEXTS[code])


def staff_sentence(language: str, code: Code) -> str:
    """Return what staff are told: the code in plain words."""
    return translate(language, STAFF_TEXTS[code])


def change_sentence(language: str, change: Change, when: str = "") -> str:
    """Return what would change a refusal.

    `when` is the moment of a `wait_until`, written out for the reader with its zone.
    """
    if change.verb is Verb.WAIT_UNTIL:
        return translate(language, CHANGE_TEXTS[change.verb], when=when)
    detailed = DETAIL_TEXTS.get(change.detail) if isinstance(change.detail, str) else None
    return translate(language, detailed or CHANGE_TEXTS[change.verb])


def message_of(decision: Decision) -> dict[str, str]:
    """Return the viewer's sentence by language, as a decision is printed with it."""
    return {language: viewer_sentence(language, decision.code) for language in LANGUAGES}
