"""A check as something to try: each answer opens and says why. Needs no JavaScript."""

from collections.abc import Sequence

from markupsafe import Markup, escape

from lms.infra.i18n import N_, translate
from lms.infra.markup.blocks import Option, Question


def quiz_html(questions: Sequence[Question], language: str) -> Markup:
    """Return the check. Of each question's answers one is open at a time (`details name`)."""
    title = translate(language, N_("Check what you have understood"))
    how = translate(
        language,
        N_("Choose an answer; it tells you at once whether it is right, and why."),
    )
    asked = "".join(_question(one, number, language) for number, one in enumerate(questions, 1))
    return Markup(  # noqa: S704 - every text in it is escaped
        '<section class="quiz" id="check" aria-labelledby="check-title" data-testid="lesson-check">'
        f'<h2 id="check-title">{escape(title)}</h2><p class="quiz__how">{escape(how)}</p>'
        f'<ol class="quiz__questions">{asked}</ol></section>'
    )


def _question(question: Question, number: int, language: str) -> str:
    options = "".join(_option(one, number, language) for one in question.options)
    return (
        f'<li><p class="quiz__ask" id="check-{number}">{escape(question.ask)}</p>'
        f'<ul class="quiz__options" aria-labelledby="check-{number}">{options}</ul></li>'
    )


def _option(option: Option, number: int, language: str) -> str:
    verdict = N_("Right.") if option.right else N_("Not quite.")
    kind = "right" if option.right else "wrong"
    return (
        f'<li><details class="quiz__option quiz__option--{kind}" name="check-{number}">'
        f"<summary>{escape(option.text)}</summary><p><strong>"
        f"{escape(translate(language, verdict))}</strong> {escape(option.why)}</p></details></li>"
    )
