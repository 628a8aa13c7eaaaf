"""Letters, consent forms and signed copies, as blocks for a page or for paper.

Their fixed sentences stand in content/forms, so that a federation may change them; what is
asked item by item comes from the items. Speak in the letter's language around these calls.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, TypeAlias

from flask_babel import gettext as _

from lms.config import ROOT
from lms.infra.i18n import DEFAULT_LANGUAGE, LANGUAGES
from lms.infra.site import read_site
from lms.kernel.clock import JST, day_in
from lms.kernel.dates import format_day
from lms.kernel.localized import pick
from lms.people.queries import read_tree
from lms.people.rules import Tree
from lms.rights.models import Rightsholder
from lms.rights.queries.consents import Letter, LetterItem
from lms.rights.rules.consent import ADAPTATIONS, EDITS, PURPOSES, USES
from lms.rights.texts import consent, desk

Block: TypeAlias = dict[str, Any]

FORMS: Final = ROOT / "content" / "forms"
MODELS: Final = ("request-letter", "consent-form")


@dataclass(frozen=True, slots=True)
class Document:
    """A document ready for a page or for paper: its blocks, language, title and moment."""

    title: str
    language: str
    blocks: tuple[Block, ...]
    at: datetime
    foot: str = ""


def organisation_words(language: str, tree: Tree | None = None) -> dict[str, str]:
    """Return the names of all organisations by id; of `tree` where the caller has read it."""
    nodes = (tree or read_tree()).nodes
    return {key: pick(node.name, language).text for key, node in nodes.items()}


def spoken(language: str) -> str:
    """Return the language in which a letter is written: one of ours."""
    if language in LANGUAGES:
        return language
    return "en" if "en" in LANGUAGES else DEFAULT_LANGUAGE


@cache
def _form(name: str, language: str) -> dict[str, Any]:
    import yaml  # noqa: PLC0415 - heavy, and only for letters

    text = (FORMS / f"{name}.{language}.yaml").read_text(encoding="utf-8")
    form: dict[str, Any] = yaml.safe_load(text)
    return form


def model_document(name: str, language: str, at: datetime) -> Document:
    """Return a model with blanks. `name` is one of MODELS; speak in `language` around it."""
    form = _form(name, language)
    if name == "request-letter":
        values = {
            **form["blanks"],
            "title": form["titles"]["consent"],
            "opening": form["openings"]["consent"],
            "message": "",
            "answer": form["answers"]["paper"],
        }
        blocks = list(_filled(form["blocks"], values))
        title = str(form["titles"]["consent"])
    else:
        values = {"number": form["blank"], "sender": form["blank"]}
        blocks = list(_form_blocks(form, values, _blank_terms(form, language)))
        title = str(form["title"])
    blocks.append({"kind": "small", "text": form["reuse"]})
    return Document(title, language, tuple(blocks), at)


def letter_document(letter: Letter, names: Mapping[str, str], *, mailed: bool) -> Document:
    """Return the letter with its consent form behind it; `names` of organisations by id."""
    language = spoken(letter.request.language)
    form, paper = _form("request-letter", language), _form("consent-form", language)
    request = letter.request
    values = {
        "number": request.number,
        "date": format_day(day_in(request.created_at), language, weekday=False),
        "addressee": addressee(letter.holder, form["addressee"]),
        "sender": sender(language),
        "title": form["titles"][request.kind],
        "opening": form["openings"][request.kind],
        "message": request.message,
        "items": "\n".join(item_title(item, language) for item in letter.items),
        "due": "" if request.due_on is None else format_day(request.due_on, language),
        "answer": form["answers"]["link" if mailed else "paper"],
        "contact": read_site().contact,
    }
    blocks = [*_filled(form["blocks"], values), {"kind": "page"}]
    blocks += _form_blocks(paper, values, list(_asked_terms(letter, paper, names, language)))
    return Document(str(values["title"]), language, tuple(blocks), request.created_at)


def copy_document(letter: Letter, names: Mapping[str, str]) -> Document:
    """Return the signed copy: who answered what, when and how, item by item."""
    language = spoken(letter.request.language)
    request, holder = letter.request, letter.holder
    at = request.answered_at or request.created_at
    signed = next((one.agreement.answers for one in letter.items if one.item.outcome), {})
    local = at.astimezone(JST)
    blocks: list[Block] = [
        {"kind": "right", "text": _("No. %(number)s", number=request.number)},
        {"kind": "title", "text": _("Answer to our request: signed copy")},
        {
            "kind": "rows",
            "rows": [
                [_("Asked by"), sender(language)],
                [_("Rightsholder"), _holder_words(holder)],
                [_("Signed with the name"), str(signed.get("signed_name", ""))],
                [
                    _("Signed on"),
                    f"{format_day(local.date(), language)} {local:%H:%M:%S} (JST)",
                ],
                [_("How it was signed"), _way_words(str(signed.get("way", "")), holder)],
                [_("Reference"), request.id],
            ],
        },
    ]
    for number, item in enumerate(letter.items, start=1):
        blocks.append({"kind": "heading", "text": f"{number}. {item_title(item, language)}"})
        rows = [
            [_("As"), str(desk.KINDS[item.agreement.kind])],
            [_("Answer"), str(consent.OUTCOME_NAMES[item.item.outcome])],
        ]
        if item.agreement.answers.get("choice") == "nothing":
            rows.append([_("Recording"), _("Nothing may be recorded.")])
        if item.item.outcome == "not_mine":
            rows.append([_("Who holds it"), str(item.agreement.answers.get("other", ""))])
        if item.given is not None and item.item.outcome in {"yes", "narrower"}:
            rows += [list(row) for row in consent.terms_rows(item.given, names, language)]
        elif item.given is not None and item.given.remark.strip():
            rows.append([_("Remark"), item.given.remark.strip()])
        blocks.append({"kind": "rows", "rows": rows})
    note = _(
        "What is not named here is not allowed. The permission can be withdrawn at any time, by "
        "the link in our mail, under your account, or in writing."
    )
    blocks.append({"kind": "small", "text": note})
    foot = _("No. %(number)s", number=request.number)
    return Document(_("Signed copy"), language, tuple(blocks), at, foot)


def item_title(item: LetterItem, language: str) -> str:
    """Return how letters name an item: title, course and, where known, the day."""
    title = pick(item.recording.title, language).text
    course = pick(item.programme.title, language).text
    day = item.recording.recorded_on
    parts = [course] + ([format_day(day, language, weekday=False)] if day else [])
    joined = str(_(", ")).join(part for part in parts if part)
    return _("%(title)s (%(where)s)", title=title, where=joined) if joined else title


def sender(language: str) -> str:
    """Return who asks: the issuer of the federation's papers, else its name."""
    site = read_site()
    issuer = pick(site.issuer, language).text or pick(site.name, language).text
    return " ".join(part for part in (issuer, pick(site.issuer_title, language).text) if part)


def addressee(holder: Rightsholder, patterns: Mapping[str, str]) -> str:
    """Return the lines to whom a letter goes: a person with their office, or a body."""
    if holder.name == holder.organisation:
        return patterns["body"].format(name=holder.name)
    title = f"{holder.title} " if holder.title else ""
    lines = patterns["person"].format(
        organisation=holder.organisation, title=title, name=holder.name
    )
    where = [holder.address] if holder.address else []
    return "\n".join([*where, *(line for line in lines.splitlines() if line.strip())])


def _holder_words(holder: Rightsholder) -> str:
    parts = (holder.organisation, holder.title, holder.name)
    return " ".join(dict.fromkeys(part for part in parts if part))


def _way_words(way: str, holder: Rightsholder) -> str:
    if way == "account":
        return str(_("Signed in with an account of this site"))
    if way == "paper":
        return str(_("On paper, entered by the office"))
    return str(_("By a personal link and a code sent to %(address)s", address=holder.email))


def _filled(blocks: list[Block], values: Mapping[str, str]) -> Iterator[Block]:
    """Yield blocks with their values; what is empty is left out."""
    for block in blocks:
        if "when" in block and not values.get(block["when"]):
            continue
        if block["kind"] == "rows":
            rows = [[label, _with(text, values)] for label, text in block["rows"]]
            yield {"kind": "rows", "rows": [row for row in rows if row[1].strip()]}
        elif "text" in block:
            yield {"kind": block["kind"], "text": _with(block["text"], values)}
        else:
            yield dict(block)


def _with(text: str, values: Mapping[str, str]) -> str:
    """Put values in; the values themselves are never read as patterns."""
    return text.format_map({key: str(value) for key, value in values.items()})


def _form_blocks(
    form: Mapping[str, Any], values: Mapping[str, str], terms: list[Block]
) -> Iterator[Block]:
    for block in form["blocks"]:
        if block["kind"] == "terms":
            yield from terms
        else:
            yield from _filled([block], values)


def _asked_terms(
    letter: Letter, form: Mapping[str, Any], names: Mapping[str, str], language: str
) -> Iterator[Block]:
    for number, item in enumerate(letter.items, start=1):
        yield {"kind": "heading", "text": f"{number}. {item_title(item, language)}"}
        rows = [[_("As"), str(desk.KINDS[item.agreement.kind])]]
        asked = consent.terms_rows(item.asked, names, language, asked=True, own_words=False)
        yield {"kind": "rows", "rows": rows + [list(row) for row in asked]}
        wanted = [key for key in consent.CHOICE_NAMES if key != "nothing"]
        if item.asked.record is not None:
            wanted.insert(3, "nothing")
        yield {"kind": "ticks", "items": [str(consent.CHOICE_NAMES[key]) for key in wanted]}
        yield {
            "kind": "lines",
            "items": [form["narrow"], form["credit"], form["third"], form["other"]],
        }


def _blank_terms(form: Mapping[str, Any], language: str) -> list[Block]:
    def ticks(heading: str, items: list[str]) -> list[Block]:
        return [{"kind": "heading", "text": heading}, {"kind": "ticks", "items": items}]

    def named(words: Mapping[str, Any], keys: tuple[str, ...]) -> list[str]:
        return [str(words[key]) for key in keys]

    day, blank = form["day"], form["blank"]
    period = _("from %(first)s to %(last)s (both days included)", first=day, last=day)
    return [
        {"kind": "lines", "items": [form["blank_item"]]},
        *ticks(_("As"), [str(word) for word in desk.KINDS.values()]),
        *ticks(_("Being recorded"), [_("I may be recorded"), _("Nothing may be recorded.")]),
        *ticks(_("Uses"), named(consent.USE_NAMES, USES)),
        *ticks(
            _("For whom"),
            [
                *(str(pick(words, language).text) for words in _levels()),
                _("everyone, including overseas and management"),
                _("only %(names)s", names=blank),
            ],
        ),
        *ticks(_("Purposes"), named(desk.PURPOSES, PURPOSES)),
        {"kind": "heading", "text": _("Period")},
        {"kind": "text", "text": period},
        *ticks(_("Territory"), [_("Japan only"), _("The whole world"), blank]),
        *ticks(_("Edits"), named(consent.EDIT_NAMES, EDITS)),
        *ticks(
            _("Captions, translation, transcript, summary (each on its own)"),
            named(consent.ADAPTATION_NAMES, ADAPTATIONS),
        ),
        *ticks(_("Face and voice shown"), [_("yes"), _("no")]),
        *ticks(_("Moral rights"), [str(word) for word in consent.MORAL_NAMES.values()]),
        *ticks(
            _("Material of others in it"),
            [str(word) for word in consent.THIRD_PARTY_NAMES.values()],
        ),
        {"kind": "lines", "items": [form["third"], form["credit"], _("Fee")]},
        {"kind": "heading", "text": _("Withdrawal")},
        {"kind": "text", "text": consent.grace_words(0)},
        *ticks(_("After the period"), [str(word) for word in consent.AFTER_NAMES.values()]),
    ]


def _levels() -> list[dict[str, str]]:
    levels = read_site().levels
    return [levels[name] for name in ("hq", "industrial", "affiliate")]
