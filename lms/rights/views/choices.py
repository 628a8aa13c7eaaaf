"""What the forms of the desk offer, and forms -> conditions in the case format."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from flask_babel import gettext as _

from lms.infra.web.locale import ui_language
from lms.kernel.clock import day_in, from_ms
from lms.kernel.dates import format_day, plain
from lms.kernel.errors import InvalidInputError
from lms.kernel.localized import pick
from lms.people.queries import read_tree
from lms.people.rules import Tree
from lms.recordings.models import MediaKind, Stage
from lms.rights.forms import NAMED, AgreementForm
from lms.rights.queries import RightsDesk
from lms.rights.rules import Reach, Scope
from lms.rights.rules.facts import BEGINNING, END
from lms.rights.texts.letters import organisation_words

Json: TypeAlias = dict[str, Any]

_COUNTRY = re.compile(r"[A-Z]{2}")


def organisation_names(tree: Tree | None = None) -> Mapping[str, str]:
    """Return the names of all organisations by id, in the reader's language."""
    return organisation_words(ui_language(), tree)


def organisation_choices(tree: Tree | None = None) -> list[tuple[str, str]]:
    """Return all organisations in the order of the tree, indented."""
    language = ui_language()
    return [
        (node.id, "\u3000" * depth + pick(node.name, language).text)
        for depth, node in (tree or read_tree()).rows()
    ]


def publication_defaults(desk: RightsDesk) -> Json:
    """Return what the form starts with: what is published, else what the rights allow."""
    video = desk.recording.kind != MediaKind.PAPER
    usual = ["play"] if video else ["display", "download", "print"]
    start = desk.published or desk.rights or Scope(reach=Reach.AFFILIATE)
    allowed = [action for action in usual if start.actions is None or action in start.actions]
    published = desk.published is not None
    return {
        "actions": sorted(start.actions) if published and start.actions else allowed or usual,
        "reach": NAMED if start.reach is None else start.reach.name.lower(),
        "organisations": sorted(start.orgs),
        "enrolled_only": start.enrolled_only if published else True,
        "first_on": None if start.opens == BEGINNING else day_in(from_ms(start.opens)),
        "last_on": None if start.closes == END else day_in(from_ms(start.closes - 1)),
    }


def steps_of(desk: RightsDesk, at: datetime) -> list[Json]:
    """Return the strip of steps: asked, recorded, reviewed, cleared, published, ends."""
    recording = desk.recording
    ready = recording.stage in (Stage.REVIEW, Stage.PUBLISHED)
    published = desk.published is not None and desk.takedown is None
    done = [
        (_("Agreements asked for"), bool(desk.lines)),
        (_("File received"), bool(recording.source_key) or ready),
        (_("Ready"), ready),
        (_("Rights cleared"), not desk.gaps and desk.rights is not None),
        (_("Publication"), published),
    ]
    steps: list[Json] = []
    current = False
    for label, is_done in done:
        state = "done" if is_done else "todo" if current else "current"
        current = current or not is_done
        steps.append({"label": label, "state": state})
    closes = _closes(desk)
    last = (
        _("No end set")
        if closes == END
        else _(
            "Until %(day)s",
            day=format_day(day_in(from_ms(closes - 1)), ui_language(), weekday=False),
        )
    )
    over = closes <= at.timestamp() * 1000
    state = "done" if over and published else "current" if published else "todo"
    steps.append({"label": last, "state": state})
    return steps


def _closes(desk: RightsDesk) -> int:
    return min(
        (scope.closes for scope in (desk.published, desk.rights) if scope is not None),
        default=END,
    )


def agreement_details(form: AgreementForm, edition_id: str) -> tuple[list[Json], list[Json]]:
    """Return grants and prohibitions in the case format; alternatives where several are named.

    Raises InvalidInputError (actions, organisations, territory).
    """
    reach, orgs = form.chosen_reach, sorted(form.organisations.data or [])
    if reach is None and not orgs:
        raise InvalidInputError("organisations", "organisations_missing")
    if not form.actions.data:
        if form.status.data != "refused":
            raise InvalidInputError("actions", "nothing_granted")
        return [], []
    common = _common(form, edition_id)
    grants = []
    if reach is not None:
        grants.append({**common, "audience": {"reach": reach.name.lower()}})
    if orgs and reach is not Reach.OUTSIDE:
        grants.append({**common, "audience": {"reach": "outside", "orgs": orgs}})
    return grants, list(_prohibitions(form))


def _common(form: AgreementForm, edition_id: str) -> Json:
    """Return the conditions that all alternatives share; what is left blank sets no limit."""
    conditions: Json = {
        "actions": sorted(form.actions.data or []),
        "purposes": sorted(form.purposes.data or []),
        "channels": sorted(form.channels.data or []),
        "territory": _territory(form.territory.data or ""),
        "max_views": form.max_views.data,
        "enrolled": {"course": edition_id} if form.enrolled_only.data else None,
        "obligations": list(_duties(form)),
    }
    return {name: value for name, value in conditions.items() if value}


def _duties(form: AgreementForm) -> Iterable[str]:
    if form.watermark.data:
        yield "watermark"
    if form.stream_only.data:
        yield "stream_only"
    if credit := (form.attribution.data or "").strip():
        yield f"attribution:{credit}"


def _prohibitions(form: AgreementForm) -> Iterable[Json]:
    """Give the prohibition: these uses, these organisations, or these uses for them."""
    actions, orgs = form.prohibited_actions.data, form.prohibited_organisations.data
    if not (actions or orgs):
        return
    audience: Json = {"reach": "outside"}  # for everyone: without it, only headquarters
    if orgs:
        audience["orgs"] = sorted(orgs)
    yield {"audience": audience, **({"actions": sorted(actions)} if actions else {})}


def _territory(text: str) -> list[str]:
    codes = [code for code in re.split(r"[\s,、]+", plain(text).upper()) if code]
    if not all(_COUNTRY.fullmatch(code) for code in codes):
        raise InvalidInputError("territory", "territory_unreadable")
    return sorted(set(codes))
