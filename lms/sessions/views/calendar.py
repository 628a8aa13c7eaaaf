"""One's own calendar: the private address to subscribe to, reminders, and what it gives."""

import hashlib
from typing import Any

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.infra.current import current_settings
from lms.infra.db import db, unit_of_work
from lms.infra.i18n import DEFAULT_LANGUAGE, LANGUAGES
from lms.infra.site import read_site
from lms.infra.web.access import OWN_CHECK, SIGNED_IN, access, current_actor
from lms.kernel import clock
from lms.kernel.errors import NotFoundError
from lms.kernel.localized import pick
from lms.sessions import queries
from lms.sessions.forms.changing import reminders_form
from lms.sessions.operations.reminding import choose_reminders
from lms.sessions.operations.subscribing import digest_of, make_feed, revoke_feed
from lms.sessions.queries.audience import last_words
from lms.sessions.queries.feeds import Subscriber, find_feed, find_subscriber, list_own_sessions
from lms.sessions.queries.reminding import own_reminders
from lms.sessions.rules.inviting import next_sequence
from lms.sessions.texts import Entry, Reader, feed_file
from lms.sessions.views.blueprint import blueprint


@blueprint.get("/calendar/<secret>.ics")
@access(OWN_CHECK)
def feed(secret: str) -> Any:
    """Give the sessions of whoever the secret belongs to; 410 once it was taken back."""
    subscriber = find_subscriber(digest_of(secret))
    if subscriber is None:
        raise NotFoundError
    if subscriber.revoked:
        abort(410)
    data = _feed_of(subscriber)
    db.session.rollback()
    answer = make_response(data)
    answer.headers["Content-Type"] = "text/calendar; charset=utf-8; method=PUBLISH"
    # Programs ask again and again: the mark lets them keep what they have. No other cache may.
    answer.headers["Cache-Control"] = "private, no-cache, max-age=0"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.set_etag(hashlib.sha256(data).hexdigest()[:32])
    return answer.make_conditional(request)


def _feed_of(subscriber: Subscriber) -> bytes:
    """Return the calendar in four queries, whatever the number of sessions."""
    cards = list_own_sessions(subscriber.person_id, clock.now())
    ids = [card.id for card in cards]
    speakers = queries.speakers_of(ids)
    words = last_words(subscriber.person_id, ids)
    entries = []
    for card in cards:
        word = words.get(card.id)
        said = "CANCEL" if card.is_cancelled else "REQUEST"
        number = card.sequence if word is None else next_sequence(said, card.sequence, word)
        entries.append(Entry(card, speakers.get(card.id, ()), max(number, card.sequence)))
    language = subscriber.language if subscriber.language in LANGUAGES else DEFAULT_LANGUAGE
    return feed_file(
        entries,
        current_settings(),
        reader=Reader(language, subscriber.timezone),
        name=pick(read_site().name, language).text,
    )


@blueprint.route("/account/calendar", methods=["GET", "POST"])
@access(SIGNED_IN)
def own_calendar() -> Any:
    """Show and set which reminders one wants, and the way to the private address."""
    actor = current_actor()
    assert actor.person_id is not None
    form = reminders_form(own_reminders(actor.person_id))
    if form.validate_on_submit():
        with unit_of_work():
            choose_reminders(actor, form.wanted(), at=clock.now())
        flash(_("Your reminders are set."), "done")
        return redirect(url_for("sessions.own_calendar"), 303)
    return _page(form), 422 if form.is_submitted() else 200


def _page(form: Any, secret: str = "") -> str:
    actor = current_actor()
    assert actor.person_id is not None
    link = f"{current_settings().base_url}/calendar/{secret}.ics" if secret else ""
    return render_template(
        "sessions/own_calendar.html",
        form=form,
        feed=find_feed(actor.person_id),
        link=link,
        app_link=f"webcal://{link.partition('://')[2]}" if link else "",
    )


@blueprint.post("/account/calendar/address")
@access(SIGNED_IN)
def make_calendar_address() -> Any:
    """Make the private address anew and show it, this once."""
    actor = current_actor()
    assert actor.person_id is not None
    with unit_of_work():
        secret = make_feed(actor, at=clock.now())
    # No redirect: the secret stands in no address of a page and in no cookie.
    answer: Response = make_response(_page(reminders_form(own_reminders(actor.person_id)), secret))
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@blueprint.post("/account/calendar/address/revoke")
@access(SIGNED_IN)
def revoke_calendar_address() -> Any:
    """Take the private address back."""
    with unit_of_work():
        revoked = revoke_feed(current_actor(), at=clock.now())
    if revoked:
        flash(_("The address is switched off. Calendars that used it get nothing more."), "done")
    return redirect(url_for("sessions.own_calendar"), 303)
