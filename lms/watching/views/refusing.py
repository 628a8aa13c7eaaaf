"""The page that says why something cannot be seen and what would change it."""

from datetime import datetime
from typing import Any

from flask import render_template, request

from lms.infra.db import unit_of_work
from lms.infra.web.access import current_actor
from lms.infra.web.locale import ui_language
from lms.people.forms import country_choices
from lms.rights.operations.freezing import log_refusal
from lms.watching.forms import is_country
from lms.watching.queries import Shown, Viewing
from lms.watching.views.answers import course_address, sentence_of, steps_of


def stated_country() -> str | None:
    """Return the country stated in the address, if it can be one."""
    country = request.args.get("country", "")
    return country if is_country(country) else None


def list_countries() -> list[tuple[str, str]]:
    """Return codes and names of the countries, in the order of their names."""
    return list(country_choices(ui_language()))


def refused_page(shown: Shown, viewing: Viewing, at: datetime) -> Any:
    """Write down that somebody was refused, and answer 403 with the reason they may know."""
    page = render_template(
        "watching/refused.html",
        shown=shown,
        recording=shown.recording,
        sentence=sentence_of(viewing.decision),
        steps=steps_of(viewing.decision),
        asks_country=viewing.asks_country,
        countries=list_countries() if viewing.asks_country else (),
        country=current_actor().country,
        course_href=course_address(shown.programme, shown.edition),
    )
    code = viewing.decision.code.value
    with unit_of_work():
        log_refusal(current_actor(), shown.recording.id, viewing.action, code, at)
    return page, 403
