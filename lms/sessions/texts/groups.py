"""Words of seminar groups: refusals, and the list of groups as a paper."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from lms.infra.typesetting import Block
from lms.infra.web.locale import ui_language
from lms.kernel.localized import Localized, pick
from lms.sessions.errors import GroupRefusedError
from lms.sessions.queries.groups import GroupCard, Placed


def group_refusal_text(error: GroupRefusedError) -> str:
    """Return the sentence for a refusal about seminar groups."""
    facts: Any = error.facts
    match error.code:
        case "group_full":
            title = pick(facts.get("title", {}), ui_language()).text
            return str(
                _(
                    "There are more people than places in %(group)s. Nobody was moved: please "
                    "put fewer people in, or give the group more places.",
                    group=title,
                )
            )
        case "group_has_sessions":
            count = int(facts.get("count", 0))
            return str(
                ngettext(
                    "%(num)s session is for this group. Without the group it would be for "
                    "everybody: please change or cancel it first.",
                    "%(num)s sessions are for this group. Without the group they would be for "
                    "everybody: please change or cancel them first.",
                    count,
                )
            )
        case "no_groups":
            return str(_("There are no seminar groups yet. Please make some first."))
        case "plan_empty":
            return str(_("There is nothing to lay out any more."))
        case _:
            return str(_("Somebody changed something in the meantime. Please look again."))


def person_line(person: Placed, language: str) -> str:
    """Return the unions of a person for a list: industrial union, then enterprise union."""
    names = [pick(one, language).text for one in (person.industrial, person.enterprise)]
    return " / ".join(dict.fromkeys(name for name in names if name))


def group_list_blocks(
    title: Localized,
    groups: Sequence[GroupCard],
    people: Sequence[Placed],
    language: str,
) -> tuple[Block, ...]:
    """Return the list of groups as blocks to typeset, in the language in force (`language`)."""
    blocks: list[Block] = [
        {"kind": "title", "text": f"{pick(title, language).text}\n{_('Seminar groups')}"}
    ]
    for group in groups:
        members = [one for one in people if one.group_id == group.id]
        blocks.append({"kind": "heading", "text": pick(group.title, language).text})
        about = [
            _("Theme: %(text)s", text=theme) if (theme := pick(group.theme, language).text) else "",
            _("Tutor: %(text)s", text=tutor) if (tutor := pick(group.tutor, language).text) else "",
            _("Room: %(text)s", text=room) if (room := pick(group.room, language).text) else "",
            ngettext("%(num)s person", "%(num)s people", len(members)),
        ]
        blocks.append({"kind": "text", "text": "\n".join(str(line) for line in about if line)})
        blocks += _rows(members, language)
    without = [one for one in people if one.group_id is None]
    if without:
        blocks.append({"kind": "heading", "text": str(_("In no group yet"))})
        blocks += _rows(without, language)
    return tuple(blocks)


def _rows(people: Sequence[Placed], language: str) -> list[Block]:
    if not people:
        return []
    rows = [(_shown(one, language), person_line(one, language)) for one in people]
    return [{"kind": "rows", "rows": rows}]


def _shown(person: Placed, language: str) -> str:
    name = person.name
    if language == "ja" and name.kana:
        return f"{name.shown}\n{name.kana}"
    if language != "ja" and name.latin and name.latin != name.shown:
        return f"{name.shown}\n{name.latin}"
    return name.shown
