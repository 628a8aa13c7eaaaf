"""What ends when, by month."""

from collections import defaultdict
from itertools import groupby
from typing import Any

from babel.dates import format_skeleton
from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from lms.infra.db import unit_of_work
from lms.infra.web.access import RIGHTS_DESK, access, current_actor
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.errors import NotFoundError
from lms.rights.operations.expiring import ask_renewal
from lms.rights.policy import require_rights_desk
from lms.rights.queries.expiry import Ending, EndKind, list_endings, sent_reminders
from lms.rights.texts.consent import after_words
from lms.rights.texts.register import reminder_text
from lms.rights.views.blueprint import blueprint
from lms.rights.views.readers import RIGHTS_READERS


@blueprint.get("/desk/rights/expiry")
@access(RIGHTS_READERS)
def expiry() -> Any:
    """List the ends of agreements and publications by month, lately passed ones first."""
    at, language = clock.now(), ui_language()
    endings = list_endings(current_actor(), at)
    sent = defaultdict(list)
    for subject, kind, days, due_on in sorted(sent_reminders(endings), key=lambda one: -one[2]):
        sent[due_on].append((subject, kind, days))
    return render_template(
        "rights/expiry.html",
        months=[
            (format_skeleton("yMMMM", month, locale=language), f"{month:m%Y-%m}", list(group))
            for month, group in groupby(endings, key=lambda one: one.last_on.replace(day=1))
        ],
        total=len(endings),
        reminders=lambda one: [
            reminder_text(kind, days, one.last_on, language)
            for subject, kind, days in sent[one.last_on]
            if subject == one.subject_id or (kind == "viewers" and subject == one.recording.id)
        ],
        may_renew=lambda one: _renewable(one) and RIGHTS_DESK.admits(current_actor()),
        after=lambda one: after_words(one.agreement.answers) if one.agreement else "",
        today=clock.day_in(at),
    )


def _renewable(one: Ending) -> bool:
    return (
        one.kind is EndKind.RIGHTS
        and one.holder is not None
        and not one.is_asked
        and one.days_left >= 0
    )


@blueprint.post("/desk/rights/expiry/<agreement_id>/renew")
@access(RIGHTS_DESK)
def renew(agreement_id: str) -> Any:
    """Ask the rightsholder now to renew an agreement: the same terms for as long again."""
    at = clock.now()
    found = next(
        (one for one in list_endings(current_actor(), at) if one.subject_id == agreement_id), None
    )
    if found is None or not _renewable(found):
        raise NotFoundError
    require_rights_desk(current_actor(), found.recording)
    with unit_of_work():
        request = ask_renewal(current_actor(), [found], at)
    if request is None:
        flash(
            _(
                "These terms cannot be asked again as they are. Please enter the renewal on the "
                "recording's page."
            ),
            "warn",
        )
        return redirect(url_for("rights.recording_rights", recording_id=found.recording.id), 303)
    if request.sent_at is None:
        flash(_("The renewal is proposed. There is no e-mail: please print the letter."), "warn")
    else:
        flash(_("The rightsholder was asked to renew."), "done")
    return redirect(url_for("rights.expiry"), 303)
