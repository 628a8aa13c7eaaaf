"""The demo's way in: one click for each of the cast. Outside the demo there is none."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, session, url_for
from flask_babel import lazy_gettext as _l

from lms.infra.current import current_settings
from lms.infra.web.access import PUBLIC, access
from lms.infra.web.locale import ui_language
from lms.infra.web.session import begin_session
from lms.kernel.errors import NotFoundError
from lms.people.queries import find_person_by_login_id, name_of
from lms.whole.demo.data import PASSWORD, read_cast

blueprint = Blueprint("demo", __name__, template_folder="templates")

#: What each of the cast is, by login id.
WHO = {
    "trainee": _l("Trainee at an affiliated union"),
    "overseas": _l("Participant in Malaysia, in English"),
    "coordinator": _l("Coordinator of an industrial union"),
    "organiser": _l("Organiser at headquarters"),
    "speaker": _l("Speaker from outside"),
    "auditor": _l("Auditor"),
    "frontdesk": _l("Front desk, for one programme only"),
    "other": _l("Trainee of another industrial union"),
    "admin": _l("Administrator"),
}


@dataclass(frozen=True, slots=True)
class Story:
    """Two minutes to try: as whom, and what to do."""

    who: str
    title: Any
    steps: tuple[Any, ...]


STORIES = (
    Story(
        "trainee",
        _l("Join, and go on where you stopped"),
        (
            _l("A session is running: join it with one press."),
            _l("Go on with the recording that was left half-way."),
            _l("See what is still missing for the certificate, and look at one already earned."),
        ),
    ),
    Story(
        "organiser",
        _l("Publish no further than the rights allow"),
        (
            _l("See what needs you today: applications, a question, a handout to clear."),
            _l("Open the handout of part 1, look at what its author agreed to, and publish it."),
            _l("Look at the recording that its speaker took back an hour ago."),
        ),
    ),
    Story(
        "overseas",
        _l("In English, and in your own time zone"),
        (
            _l("The next session is shown in Malaysian time, with the time in Japan beside it."),
            _l("Read a lesson in English, and watch a lecture with English captions."),
            _l("Ask for the calendar file, and find the invitation in the demo's mailbox."),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class CastCard:
    """One of the cast as the sign-in page offers them."""

    login: str
    address: str
    name: str
    role: Any


@blueprint.app_context_processor
def offer_cast() -> dict[str, Any]:
    """Give the sign-in page of the demo what it offers; nothing is read unless it asks."""
    if not current_settings().demo:
        return {}
    return {"demo_cast": cast_cards, "demo_stories": STORIES, "demo_password": PASSWORD}


def cast_cards() -> list[CastCard]:
    """Return who can be signed in as: those of the cast who are there."""
    cards = []
    for seed in read_cast().cards:
        person = find_person_by_login_id(seed.login)
        if person is not None:
            name = name_of(person)
            shown = name.shown if ui_language() == "ja" else name.latin or name.shown
            cards.append(CastCard(seed.login, seed.address, shown, WHO[seed.login]))
    return cards


@blueprint.post("/demo/sign-in/<who>")
@access(PUBLIC)
def sign_in_as(who: str) -> Any:
    """Sign the browser in as one of the cast, without a password."""
    if not current_settings().demo or who not in {seed.login for seed in read_cast().cards}:
        raise NotFoundError
    person = find_person_by_login_id(who)
    if person is None or person.suspended_at is not None:
        raise NotFoundError
    begin_session(person.id, person.session_epoch)
    if person.language != "ja":
        # Their story is their own language; a choice made before would hide it.
        session.pop("language", None)
    return redirect(url_for("people.signed_in"), 303)
