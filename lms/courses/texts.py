"""Codes of courses in words."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lms.courses.errors import CoursesError
from lms.courses.models import Approval, EditionState, Kind, Mode, Reach
from lms.courses.rules import Caution, Missing
from lms.infra.site import read_site
from lms.infra.web.locale import ui_language
from lms.kernel.errors import ForbiddenError, InvalidInputError, RefusedError
from lms.kernel.localized import pick

KINDS: Mapping[Kind, Any] = {
    Kind.WEB_LECTURE: _l("Web lecture"),
    Kind.SERIES: _l("Series"),
    Kind.RESIDENTIAL: _l("Residential course"),
    Kind.ON_REQUEST: _l("On request"),
    Kind.STAGED: _l("Staged seminar"),
}
KIND_HINTS: Mapping[Kind, Any] = {
    Kind.WEB_LECTURE: _l("One meeting on the web. Eight fields, and it can be published."),
    Kind.SERIES: _l("Several meetings on the web, at the same hour every few weeks."),
    Kind.RESIDENTIAL: _l("Several days at one place, in one or more stages."),
    Kind.ON_REQUEST: _l("A meeting that a union or a region asked for, anywhere."),
    Kind.STAGED: _l("A basic stage and a practice stage, with people chosen by the organiser."),
}  # fmt: skip
MODES: Mapping[Mode, Any] = {
    Mode.VENUE: _l("At a venue"),
    Mode.WEB: _l("On the web"),
    Mode.HYBRID: _l("At a venue and on the web"),
    Mode.ON_DEMAND: _l("Any time (recordings and texts)"),
}
STATES: Mapping[EditionState, Any] = {
    EditionState.DRAFT: _l("Draft"),
    EditionState.PUBLISHED: _l("Published"),
    EditionState.CANCELLED: _l("Not taking place"),
    EditionState.CLOSED: _l("Finished"),
}
STATE_CHIPS: Mapping[EditionState, str] = {
    EditionState.DRAFT: "wait",
    EditionState.PUBLISHED: "done",
    EditionState.CANCELLED: "no",
    EditionState.CLOSED: "plain",
}
APPROVALS: Mapping[Approval, Any] = {
    Approval.FIRST_COME: _l("First come, first served"),
    Approval.ORGANISER: _l("The organiser decides on each application"),
}
LANGUAGE_NAMES: Mapping[str, Any] = {"ja": _l("Japanese"), "en": _l("English")}
MISSING: Mapping[Missing, Any] = {
    Missing.TITLE: _l("a title"),
    Missing.PURPOSE: _l("the purpose of the programme"),
    Missing.AUDIENCE: _l("the audience of the programme"),
    Missing.LANGUAGE: _l("a language"),
    Missing.DATES: _l("the first and the last day"),
    Missing.PART: _l("at least one part"),
    Missing.PART_TITLE: _l("a title for every part"),
    Missing.DEADLINE_PASSED: _l("a deadline for applications that has not passed"),
    Missing.OVER: _l("a last day that has not passed"),
}
CAUTIONS: Mapping[Caution, Any] = {
    Caution.DEADLINE_AFTER_END: _l("The deadline for applications lies after the last day."),
    Caution.STARTS_IN_PAST: _l("The first day has already passed."),
}
_REFUSALS: Mapping[str, Any] = {
    "edited_meanwhile": _l(
        "Somebody else has changed this since you opened it. "
        "Please open it again and enter your change there."
    ),
    "part_in_use": _l(
        "This part cannot be removed: a lesson, a session, a recording or a requirement "
        "belongs to it, or it is the only part of a published edition."
    ),
    "lesson_in_use": _l(
        "This lesson cannot be removed: people have read it. You can change its text."
    ),
    "wrong_state": _l(
        "That does not fit the present state of this edition. Please look at it again."
    ),
    "archived": _l("This programme is archived. Bring it back before adding an edition."),
}  # fmt: skip
_FAULTS: Mapping[str, Any] = {
    "required": _l("Please fill this in."),
    "end_before_start": _l("The end must lie after the start."),
    "end_without_start": _l("Please enter the first day too."),
    "needed_while_published": _l("A published edition needs its dates."),
    "no_such_time": _l("There is no such date or time."),
    "zone": _l("This time zone is not known."),
    "itself": _l("A programme cannot lead to itself."),
    "minutes": _l("Please write a number of minutes from 1 to 600."),
}


def reach_words() -> dict[Reach, str]:
    """Return the reaches in the federation's own words for its levels."""
    language = ui_language()
    levels = read_site().levels
    words = {reach: pick(levels.get(reach.value), language).text or reach.value for reach in Reach}
    return {
        Reach.HQ: str(_("%(level)s only", level=words[Reach.HQ])),
        Reach.INDUSTRIAL: str(_("Up to %(level)s", level=words[Reach.INDUSTRIAL])),
        Reach.AFFILIATE: str(_("Up to %(level)s", level=words[Reach.AFFILIATE])),
        Reach.OUTSIDE: str(_("Everyone, without an account")),
    }


def missing_text(missing: tuple[Missing, ...]) -> str:
    """Return what is missing as one sentence."""
    return str(
        _(
            "To publish, this is still needed: %(things)s.",
            things=_join(MISSING[m] for m in missing),
        )
    )


def _join(words: Any) -> str:
    # Translators: stands between the things of a list
    return str(_(", ")).join(str(word) for word in words)


def fault_text(error: InvalidInputError) -> str | None:
    """Return the sentence under a field."""
    if error.code == "capacity":
        return str(_("Please write a number from 1 to %(most)s.", most=error.facts["most"]))
    if error.code == "number_of_parts":
        return str(_("From 1 to %(most)s parts are possible.", most=error.facts["most"]))
    text = _FAULTS.get(error.code)
    return str(text) if text is not None else None


def refusal_text(error: RefusedError | ForbiddenError | InvalidInputError) -> str | None:
    """Return the sentence for a refusal of this feature, or None."""
    if isinstance(error, CoursesError):
        if error.code == "missing":
            missing = error.facts["missing"]
            assert isinstance(missing, tuple)
            return missing_text(missing)
        return str(_REFUSALS[error.code])
    if isinstance(error, InvalidInputError):
        return fault_text(error)
    return None
