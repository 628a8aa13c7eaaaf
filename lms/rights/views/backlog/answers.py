"""One letter for several items, and the answers to it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from lms.infra.db import unit_of_work
from lms.infra.web.access import RIGHTS_DESK, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.people.queries import is_id
from lms.recordings.models import MediaKind, Recording
from lms.rights.errors import RightsRefusedError
from lms.rights.forms import NAMED, reach_choices
from lms.rights.forms.backlog import FILM_USES, PAPER_USES, LetterForm, ShelfAnswerForm
from lms.rights.operations.asking import get_holder
from lms.rights.operations.shelving import (
    MOST_IN_A_LETTER,
    Letter,
    ShelfAnswer,
    ask_for_items,
    record_shelf_answer,
)
from lms.rights.queries.backlog import BacklogLine, list_chosen
from lms.rights.rules import Reach
from lms.rights.rules.consent import ConsentTerms
from lms.rights.rules.shelf import ItemState
from lms.rights.texts.backlog import STATE_CHIPS, STATES
from lms.rights.texts.desk import KINDS
from lms.rights.views.backlog.board import read_chosen
from lms.rights.views.blueprint import blueprint

_OPEN = {ItemState.NOT_ASKED, ItemState.NO, ItemState.NOT_FOUND, ItemState.NOT_MINE}


def _chosen_lines(*, else_unasked: bool = False) -> tuple[str, list[BacklogLine]]:
    """Return the rightsholder and the lines named; 404 when there is none.

    Where none is named and `else_unasked`: those not asked yet, as many as one letter holds.
    """
    holder_id = request.args.get("holder", "")
    wanted = set(read_chosen(request.values.getlist("item")))
    if not is_id(holder_id) or not (wanted or else_unasked):
        raise NotFoundError
    if wanted:
        named = list_chosen(current_actor(), holder_id, {key for key, _kind in wanted})
        lines = [line for line in named if (line.recording.id, line.kind) in wanted]
    else:
        lines = list_chosen(current_actor(), holder_id)[:MOST_IN_A_LETTER]
    if not lines:
        raise NotFoundError
    return holder_id, lines


def _usual_uses(lines: Sequence[BacklogLine]) -> list[str]:
    papers = any(line.recording.kind == MediaKind.PAPER for line in lines)
    films = any(line.recording.kind != MediaKind.PAPER for line in lines)
    return [*(["play"] if films else []), *(["display", "download", "print"] if papers else [])]


def _reaches() -> list[Any]:
    return [one for one in reach_choices(ui_language()) if one.value != NAMED]


def _terms(form: LetterForm | ShelfAnswerForm, recording: Recording, kind: str) -> ConsentTerms:
    """Return what is asked for one item: of the uses ticked, those that it can be put to."""
    possible = PAPER_USES if recording.kind == MediaKind.PAPER else FILM_USES
    shown = recording.kind == MediaKind.VIDEO and kind in {"speaker", "performer", "person_shown"}
    return ConsentTerms(
        uses=frozenset(form.uses.data or ()) & frozenset(possible),
        reach=form.chosen_reach,
        last_on=form.last_on.data,
        portrait=True if shown else None,
    )


@blueprint.route("/desk/rights/backlog/letter", methods=["GET", "POST"])
@access(RIGHTS_DESK)
def backlog_letter() -> Any:
    """Ask one rightsholder for several items in one letter; without `?item=` for all unasked."""
    holder_id, lines = _chosen_lines(else_unasked=True)
    askable = [line for line in lines if line.state in _OPEN]
    form = LetterForm()
    form.set_reaches(_reaches())
    if not form.is_submitted():
        form.uses.data = _usual_uses(lines)
        form.reach.data = Reach.AFFILIATE.name.lower()
        holder = get_holder(holder_id)
        form.language.data = "ja" if holder.language == "ja" else "en"
    elif form.validate():
        extra = frozenset(form.adaptations.data or ())

        def proposal(recording: Recording, kind: str) -> ConsentTerms:
            return replace(
                _terms(form, recording, kind),
                watermark=bool(form.watermark.data),
                stream_only=bool(form.stream_only.data),
                captions="captions" in extra,
                translation="translation" in extra,
                transcript="transcript" in extra,
                summary="summary" in extra,
            )

        letter = Letter(
            message=form.message.data or "",
            due_on=form.due_on.data,
            number=form.number.data or "",
            language=form.language.data,
        )
        try:
            with unit_of_work():
                asked = ask_for_items(
                    current_actor(), holder_id,
                    [(line.recording.id, line.kind) for line in askable],
                    proposal, clock.now(), letter=letter,
                )  # fmt: skip
                mailed, request_id = asked.sent_at is not None, asked.id
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        except RightsRefusedError as error:
            form.refuse("", refusal_sentence(error))
        else:
            ready = _("The letter is ready. There is no e-mail address: please print and post it.")
            flash(_("The letter is on its way.") if mailed else ready, "done")
            if not mailed:  # the letter's own page has it for printing
                return redirect(url_for("rights.consent_request", request_id=request_id), 303)
            return redirect(url_for("rights.backlog", holder=holder_id), 303)
    return _page("rights/backlog_letter.html", form, lines, askable=askable)


@blueprint.route("/desk/rights/backlog/answer", methods=["GET", "POST"])
@access(RIGHTS_DESK)
def backlog_answer() -> Any:
    """Enter an answer for one item, or for several that were answered alike."""
    holder_id, lines = _chosen_lines()
    form = ShelfAnswerForm()
    form.set_reaches(_reaches())
    if not form.is_submitted():
        _fill(form, lines)
    elif form.validate():
        try:
            with unit_of_work():
                for line in lines:
                    _record(form, holder_id, line)
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        except RightsRefusedError as error:
            form.refuse("", refusal_sentence(error))
        else:
            flash(
                ngettext(
                    "The answer for %(num)s item was entered.",
                    "The answer for %(num)s items was entered.",
                    len(lines),
                ),
                "done",
            )
            return redirect(url_for("rights.backlog", holder=holder_id), 303)
    open_letter = all(line.state is ItemState.ASKED for line in lines)
    return _page("rights/backlog_answer.html", form, lines, open_letter=open_letter)


def _record(form: ShelfAnswerForm, holder_id: str, line: BacklogLine) -> None:
    recording, outcome = line.recording, form.outcome.data
    said = _terms(form, recording, line.kind)
    proposal = said
    if outcome in {"no", "not_found"} and not said.uses:  # nothing was named: the usual
        proposal = replace(said, uses=frozenset(_usual_uses([line])))
    asked = _asked(line)
    terms = said
    if asked is not None:
        terms = replace(
            asked,
            uses=said.uses & asked.uses,
            reach=said.reach,
            last_on=said.last_on or asked.last_on,
        )
    answer = ShelfAnswer(
        outcome=outcome,
        signed_on=form.signed_on.data,
        terms=terms,
        note=form.note.data or "",
        recording_consent=bool(form.recording_consent.data),
    )
    record_shelf_answer(
        current_actor(), holder_id, (recording.id, line.kind), answer, clock.now(),
        proposal=proposal,
    )  # fmt: skip


def _asked(line: BacklogLine) -> ConsentTerms | None:
    """Return what a letter asked about the item, None where there is none to be answered."""
    agreement = line.agreement
    if agreement is None or agreement.status != "requested" or "asked" not in agreement.answers:
        return None
    return ConsentTerms.from_json(agreement.answers["asked"])


def _fill(form: ShelfAnswerForm, lines: Sequence[BacklogLine]) -> None:
    """Begin with what was asked for, where the items were asked alike."""
    asked = [one for one in map(_asked, lines) if one is not None]
    form.reach.data = Reach.AFFILIATE.name.lower()
    form.uses.data = _usual_uses(lines)
    if asked:
        form.uses.data = sorted({use for one in asked for use in one.uses})
        reaches = {one.reach for one in asked if one.reach is not None}
        form.reach.data = min(reaches, default=Reach.AFFILIATE).name.lower()
        days = {one.last_on for one in asked}
        form.last_on.data = days.pop() if len(days) == 1 else None


def _page(
    template: str, form: LetterForm | ShelfAnswerForm, lines: list[BacklogLine], **more: Any
) -> Any:
    page = render_template(
        template,
        form=form,
        lines=lines,
        holder=get_holder(lines[0].holder_id or ""),
        states=STATES,
        chips=STATE_CHIPS,
        holder_kinds=KINDS,
        here=request.full_path,
        **more,
    )
    return page, 422 if form.is_submitted() else 200
