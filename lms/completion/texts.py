"""Codes of completion in words, and the words of a certificate."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext, pgettext

from lms.completion.errors import CompletionRefusedError
from lms.completion.models import Certificate, Combine
from lms.completion.queries import EditionProgress
from lms.completion.rules import RequirementOutcome, RequirementState, RouteKind, RouteOutcome
from lms.infra.i18n import speaking
from lms.infra.web.formats import format_moment
from lms.infra.web.locale import ui_language, viewer_zone
from lms.kernel.dates import format_day
from lms.kernel.errors import ForbiddenError, InvalidInputError, RefusedError
from lms.kernel.localized import pick
from lms.rights.queries.gone import Gone

COMBINES: Mapping[Combine, Any] = {
    Combine.ALL: _l("All requirements"),
    Combine.ANY: _l("Any one requirement"),
    Combine.AT_LEAST: _l("At least a number of requirements"),
}
#: Why a recording is gone from everyone.
GONE: Mapping[Gone, Any] = {
    Gone.TAKEN_DOWN: _l("This recording is taken down."),
    Gone.WITHDRAWN: _l("The rights to this recording are not there any more."),
    Gone.DESTROYED: _l("This recording was closed and destroyed."),
}
STATES: Mapping[RequirementState, Any] = {
    RequirementState.DONE: _l("Done"),
    RequirementState.PART: _l("Begun"),
    RequirementState.TODO: _l("Still to do"),
}
STATE_CHIPS: Mapping[RequirementState, str] = {
    RequirementState.DONE: "done",
    RequirementState.PART: "wait",
    RequirementState.TODO: "plain",
}
WAYS: Mapping[RouteKind, Any] = {
    RouteKind.ATTEND: _l("Attended"),
    RouteKind.WATCH: _l("Watched"),
    RouteKind.READ: _l("Read"),
    RouteKind.CONFIRMED: _l("Confirmed"),
}
CAUSES: Mapping[str, Any] = {
    "attendance_changed": _l("The attendance was corrected: a session does not count any more."),
    "confirmation_changed": _l("A confirmation by the organiser was taken back."),
    "session_cancelled": _l("A session was cancelled after it had counted as attended."),
}
_REFUSALS: Mapping[str, Any] = {
    "already_decided": _l("This question was decided in the meantime."),
    "reason_missing": _l("Please write a reason."),
    "not_earned": _l("This completion was revoked or was not earned."),
    "not_enrolled": _l("Only for people who are enrolled can something be confirmed."),
    "already_issued": _l("This certificate was issued in the meantime."),
    "certificate_revoked": _l("This certificate was revoked, so it can no longer be fetched."),
}


def cause_text(cause: str) -> str:
    """Return why a completion is in question."""
    return str(CAUSES.get(cause) or _("What the completion rests on has changed."))


def refusal_text(error: RefusedError | ForbiddenError | InvalidInputError) -> str | None:
    """Return the sentence for a refusal of completion, or None for another feature's."""
    if not isinstance(error, CompletionRefusedError):
        return None
    if error.code == "glyph_missing":
        return str(
            _(
                "The certificate cannot be printed: its font lacks %(characters)s. "
                "Please write the name with other characters.",
                characters=error.facts.get("characters", ""),
            )
        )
    sentence = _REFUSALS.get(error.code)
    return None if sentence is None else str(sentence)


def sessions_text(outcome: RouteOutcome) -> str:
    """Return how many of the sessions of a share somebody attended: 18 of 24 sessions."""
    return str(
        ngettext(
            "%(attended)s of %(num)s session",
            "%(attended)s of %(num)s sessions",
            outcome.sessions,
            attended=outcome.attended,
        )
    )


def counted_text(outcome: RequirementOutcome) -> str:
    """Return the sessions attended for a requirement that asks for a share of them, or ""."""
    if outcome.met_by not in {None, RouteKind.ATTEND}:
        return ""
    ways = (one for one in outcome.routes if one.route.share is not None and one.sessions)
    return ", ".join(sessions_text(one) for one in ways)


def left_text(progress: EditionProgress) -> str:
    """Return what is left for a learner, and by when, in one sentence."""
    if progress.is_earned:
        return str(_("You have completed this course."))
    if progress.revoked_at is not None:
        return str(_("The completion of this course was revoked."))
    if not progress.outcome.needed:
        return str(_("Nobody completes this course yet: no requirement is set."))
    left = ngettext("%(num)s requirement left", "%(num)s requirements left", progress.left)
    if progress.rule.due_at is None:
        return str(left)
    due = format_moment(progress.rule.due_at, viewer_zone(), ui_language())
    return str(_("%(left)s, until %(moment)s", left=left, moment=due))


def certificate_words(certificate: Certificate, language: str, accent: str) -> dict[str, str]:
    """Return the words of a certificate in a language, as its template takes them."""
    issuer = pick(certificate.issuer, language).text
    with speaking(language):
        name = certificate.names.get(language) or pick(certificate.names, language).text
        return {
            "language": language,
            "accent": accent,
            "title": _("Certificate of Completion"),
            "document_title": _("Certificate of Completion %(number)s", number=certificate.number),
            "number_line": _("No. %(number)s", number=certificate.number),
            "before_name": _("This is to certify that"),
            "name": pgettext("name on a certificate", "%(name)s", name=name),
            "course": pick(certificate.course, language).text,
            "text": _("has completed the course"),
            "date": format_day(certificate.issued_on, language, weekday=False),
            "issuer": issuer,
            "issuer_title": pick(certificate.issuer_title, language).text,
            "check": _("This certificate can be verified at"),
            "qr_alt": _("The address to verify it, as a QR code"),
        }


def certificate_file_name(certificate: Certificate, language: str) -> str:
    """Return the name under which a certificate is saved, in its language."""
    with speaking(language):
        return str(_("certificate-%(number)s.pdf", number=certificate.number))
