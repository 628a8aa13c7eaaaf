"""The words of putting an edition off."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lms.sessions.errors import PostponingInputError, PostponingRefusedError
from lms.sessions.rules.postponing import Answer, Cause, PostponeKind

KINDS: dict[PostponeKind, Any] = {
    PostponeKind.MOVED: _l("To new dates"),
    PostponeKind.OPEN: _l("Postponed; the new dates follow"),
    PostponeKind.OFF: _l("Called off: it will never be held"),
}
CAUSES: dict[Cause, Any] = {
    Cause.WEATHER: _l("Weather or a natural disaster"),
    Cause.INFECTION: _l("To prevent infection"),
    Cause.STRIKE: _l("A labour dispute or a stop of public transport"),
    Cause.SPEAKER: _l("The speakers or those who run it cannot come"),
    Cause.OTHER: _l("Another reason, in your own words"),
}
ANSWERS: dict[Answer, Any] = {
    Answer.YES: _l("I can come"),
    Answer.NO: _l("I cannot come"),
    Answer.UNSURE: _l("Not sure yet"),
}
#: The same as the organiser reads it of somebody else.
SAID: dict[str, Any] = {
    "": _l("No answer yet"),
    Answer.YES: _l("Can come"),
    Answer.NO: _l("Cannot come"),
    Answer.UNSURE: _l("Not sure yet"),
}


def cause_text(cause: str) -> str:
    """Return the sentence for why; '' where the organiser's own words say it."""
    return "" if cause in {"", Cause.OTHER} else str(CAUSES[Cause(cause)])


def postponing_text(error: PostponingInputError | PostponingRefusedError) -> str | None:
    """Return the sentence for a refusal; None for what sessions themselves refuse of a time."""
    facts: Any = error.facts
    sentences = {
        "not_published": _("Only a published edition can be postponed."),
        "nothing_to_move": _(
            "There is no session to come, so there is nothing to postpone. The dates of the "
            "edition can be changed in its settings."
        ),
        "no_change": _("All sessions stand like this already, so nobody was told again."),
        "answers_over": _("The first session has begun, so this is not asked any more."),
        "seat_gone": _("There is no seat any more that this is about."),
        "nobody_left": _("There is nobody left of whom this could be decided."),
        "sessions_changed": _(
            "Somebody else changed the sessions in the meantime. Please look at the preview again."
        ),
        "already_past": _("This time is already past. Please check day and time."),
        "words_missing": _("Please write the reason in Japanese and in English."),
        "words_too_long": _("Please use at most %(max)d characters.", max=facts.get("most", 0)),
        "answer_until_missing": _("Please say until when people should answer."),
        "answer_until_past": _("This moment is already past."),
        "answer_until_late": _("People should have answered before the first session begins."),
        "answer_unknown": _("Please choose one of the answers."),
    }
    found = sentences.get(error.code)
    return None if found is None else str(found)
