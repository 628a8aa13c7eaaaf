"""The list of requests, and the year's requests as a table."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _

from lms.courses.texts import LANGUAGE_NAMES
from lms.infra.site import read_site
from lms.infra.web.access import COORDINATOR, access, current_actor, found
from lms.infra.web.locale import ui_language
from lms.infra.web.spreadsheet import csv_answer
from lms.kernel import clock
from lms.kernel.actor import Actor
from lms.kernel.dates import fiscal_year
from lms.kernel.localized import pick
from lms.people.queries import read_tree
from lms.people.rules import Tree
from lms.requests import policy
from lms.requests.queries import (
    RequestFilter,
    RequestPage,
    RequestRow,
    list_askable,
    list_requests,
    list_requests_of_year,
    names_of,
    organisations_in_charge,
    years_of,
)
from lms.requests.rules import OPEN, State, days_waiting
from lms.requests.texts import SOURCES, STATE_CHIPS, STATES, WAYS, waiting_text
from lms.requests.views.blueprint import blueprint, organisation_choices, shown_dates

_GROUPS = ("open", *(state.value for state in State))


def _number(name: str) -> int | None:
    text = request.args.get(name, "")[:9]
    return int(text) if text.isascii() and text.isdigit() else None


def _wanted() -> RequestFilter:
    state = request.args.get("state", "")
    year = _number("year")
    return RequestFilter(
        state=state if state in _GROUPS else "",
        programme_id=request.args.get("programme", "")[:26],
        organisation_id=request.args.get("organisation", "")[:26],
        term=request.args.get("q", "").replace("\0", "")[:200],
        year=year if year is not None and 1900 < year < 2300 else None,  # noqa: PLR2004 - years of people
        page=_number("page") or 1,
    )


def _fiscal_years(actor: Actor, tree: Tree) -> list[int]:
    """Return the fiscal years of which there are requests, the newest first."""
    starts_in = read_site().fiscal_year_start
    years = [fiscal_year(clock.day_in(at), starts_in) for at in years_of(actor, tree)]
    return list(range(max(years), min(years) - 1, -1)) if years else []


def _tabs(page: RequestPage, chosen: str) -> list[dict[str, Any]]:
    shown = [("", _("All"), sum(page.counts.values())), ("open", _("To be answered"), page.open)]
    shown += [
        (state.value, STATES[state], page.counts.get(state, 0))
        for state in State
        if page.counts.get(state) or state in OPEN
    ]
    return [
        {
            "label": label,
            "href": f"{request.path}?state={value}" if value else request.path,
            "current": value == chosen,
            "count": count,
        }
        for value, label, count in shown
    ]


@blueprint.get("/desk/meeting-requests")
@access(COORDINATOR)
def requests() -> Any:
    """List the requests that the actor answers or that come from their organisations."""
    actor, tree, at = current_actor(), read_tree(), clock.now()
    wanted = _wanted()
    page = list_requests(actor, wanted, tree, fiscal_year_start=read_site().fiscal_year_start)
    today = clock.day_in(at)
    charge = organisations_in_charge(actor, tree)
    office = policy.may_enter(actor)
    return render_template(
        "requests/requests.html",
        page=page,
        wanted=wanted,
        tabs=_tabs(page, wanted.state),
        years=[
            (str(year), _("Fiscal year %(year)s", year=year)) for year in _fiscal_years(actor, tree)
        ],
        organisations=organisation_choices(frozenset(tree.nodes) if office else charge, tree),
        programmes=[(one.id, pick(one.title, ui_language()).text) for one in list_askable(actor)],
        names=names_of({row.request.organisation_id for row in page.rows}, tree),
        dates={row.request.id: shown_dates(row.request) for row in page.rows},
        waited={
            row.request.id: waiting_text(days_waiting(clock.day_in(row.request.created_at), today))
            for row in page.rows
            if row.request.state in OPEN
        },
        oldest=(
            waiting_text(days_waiting(clock.day_in(page.oldest_at), today))
            if page.oldest_at is not None
            else ""
        ),
        office=office,
        asks=bool(charge),
        states=STATES,
        chips=STATE_CHIPS,
    )


@blueprint.get("/desk/meeting-requests/year.csv")
@access(COORDINATOR)
def year_csv() -> Any:
    """Give the requests of a fiscal year (this one unless told) as a table, narrowed or not."""
    actor, tree, site = current_actor(), read_tree(), read_site()
    wanted = _wanted()
    if wanted.year is None:
        this_year = fiscal_year(clock.day_in(clock.now()), site.fiscal_year_start)
        wanted = replace(wanted, year=this_year)
    found(policy.may_enter(actor) or organisations_in_charge(actor, tree) or None)
    rows = list_requests_of_year(actor, wanted, tree, fiscal_year_start=site.fiscal_year_start)
    heads = [
        _("Received on"), _("Organisation that asks"), _("Programme or theme"), _("State"),
        _("Expected people"),
        _("How it is held"), _("Place"), _("Language"), _("Wished-for dates"), _("Speaker"),
        _("How it came"), _("Decided on"), _("Days until the decision"), _("Held on"),
        _("Edition"), _("Reason"), _("What is it for?"), _("Remarks"),
    ]  # fmt: skip
    return csv_answer(
        f"meeting-requests-{wanted.year}.csv", [str(head) for head in heads], _lines(rows, tree)
    )


def _lines(rows: list[RequestRow], tree: Tree) -> Iterator[list[str]]:
    language = ui_language()
    names = names_of({row.request.organisation_id for row in rows}, tree)
    for row in rows:
        one, came = row.request, clock.day_in(row.request.created_at)
        decided = clock.day_in(one.decided_at) if one.decided_at is not None else None
        held = row.session.starts_local if row.is_to_be_held and row.session is not None else None
        yield [
            f"{came:%Y-%m-%d}",
            pick(names[one.organisation_id], language).text,
            pick(row.title, language).text,
            str(STATES[State(one.state)]),
            str(one.people),
            str(WAYS[one.way]),  # type: ignore[index] # a string enumeration
            one.place,
            ", ".join(str(LANGUAGE_NAMES.get(tag, tag)) for tag in one.languages),
            "; ".join(shown.text for shown in shown_dates(one)),
            one.speaker,
            str(SOURCES[one.source]),  # type: ignore[index] # as above
            f"{decided:%Y-%m-%d}" if decided is not None else "",
            str(days_waiting(came, decided)) if decided is not None else "",
            f"{held:%Y-%m-%d}" if held is not None else "",
            pick(row.edition.title, language).text if row.edition is not None else "",
            one.reason,
            one.purpose,
            one.remarks,
        ]
