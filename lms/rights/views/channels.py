"""Pages of a paper by channel: the desk's page, and the cue sheet of a session."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from lms.courses.queries import get_entry
from lms.infra.db import db, unit_of_work
from lms.infra.web.access import STAFF, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.formats import format_moment, format_span
from lms.infra.web.locale import ui_language, viewer_zone
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError, NotFoundError, RefusedError
from lms.kernel.localized import pick
from lms.people.queries import is_id
from lms.recordings.models import MediaKind, Recording
from lms.recordings.operations import add_flag, change_flag, delete_flag, request_copy
from lms.recordings.policy import require_recording_adder, require_recording_editor
from lms.recordings.queries import barred_by, find_copy, get_recording, list_flags
from lms.recordings.rules import Channel, merge_cuts
from lms.rights.forms.channels import FlagForm
from lms.rights.operations.cue_paper import CuePaper, CueRow, print_cues
from lms.rights.queries.channels import (
    PaperChannels,
    list_channels,
    list_papers_of,
    read_channels,
)
from lms.rights.texts.channels import (
    barred_text,
    channel_name,
    closed_text,
    cue_head,
    cue_text,
    pages_text,
)
from lms.rights.views.blueprint import blueprint
from lms.sessions.queries import SessionCard, get_live_session


@blueprint.route("/desk/recordings/<recording_id>/channels", methods=["GET", "POST"])
@access(STAFF)
def channels(recording_id: str) -> Any:
    """Show through which channels the pages of a paper may go; take a further flag."""
    paper = _paper(recording_id)
    form = FlagForm()
    if form.validate_on_submit():
        try:
            with unit_of_work():
                add_flag(current_actor(), recording_id, form.details, clock.now())
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        else:
            flash(_("The pages are flagged."), "done")
            return _back(recording_id)
    return _show(paper, form)


@blueprint.post("/desk/recordings/<recording_id>/channels/<flag_id>")
@access(STAFF)
def edit_flag(recording_id: str, flag_id: str) -> Any:
    """Change a flag."""
    paper = _paper(recording_id)
    if flag_id not in {flag.id for flag in list_flags(recording_id)}:
        raise NotFoundError
    form = FlagForm(prefix=flag_id)
    if form.validate_on_submit():
        try:
            with unit_of_work():
                change_flag(current_actor(), recording_id, flag_id, form.details, clock.now())
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        else:
            flash(_("Saved."), "done")
            return _back(recording_id)
    return _show(paper, FlagForm(None), {flag_id: form})


@blueprint.post("/desk/recordings/<recording_id>/channels/<flag_id>/delete")
@access(STAFF)
def remove_flag(recording_id: str, flag_id: str) -> Any:
    """Let the pages go through every channel again."""
    with unit_of_work():
        delete_flag(current_actor(), recording_id, flag_id, clock.now())
    flash(_("The flag is gone: the pages may go through every channel."), "done")
    return _back(recording_id)


@blueprint.post("/desk/recordings/<recording_id>/channels/copy")
@access(STAFF)
def cut_paper(recording_id: str) -> Any:
    """Have the file made that is given out without the pages that are not."""
    paper = _paper(recording_id)
    cuts = _download_cuts(read_channels(paper, clock.now()))
    try:
        with unit_of_work():
            request_copy(current_actor(), recording_id, cuts, clock.now())
    except (InvalidInputError, RefusedError) as error:
        flash(refusal_sentence(error), "danger")
    else:
        flash(_("The file without these pages is being made."), "done")
    return _back(recording_id)


@blueprint.get("/desk/live-sessions/<live_session_id>/cue-sheet")
@access(STAFF)
def cue_sheet(live_session_id: str) -> Any:
    """Show what to do at which slide of a session's papers, for printing."""
    card = _meeting(live_session_id)
    return render_template(
        "rights/cue_sheet.html",
        card=card,
        papers=_cue_papers(list_channels(list_papers_of(card.id), clock.now())),
        at=clock.now(),
    )


@blueprint.get("/desk/live-sessions/<live_session_id>/cue-sheet.pdf")
@access(STAFF)
def cue_sheet_pdf(live_session_id: str) -> Any:
    """Answer with the same as PDF."""
    card, at = _meeting(live_session_id), clock.now()
    papers = _cue_papers(list_channels(list_papers_of(card.id), at))
    words = _sheet_words(card, at)
    db.session.rollback()  # no transaction stays open while the pages are set
    answer = Response(print_cues(words, papers, at), mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "attachment", filename="cue-sheet.pdf")
    return answer


def _sheet_words(card: SessionCard, at: datetime) -> dict[str, str]:
    language = ui_language()
    return {
        "language": language,
        "title": _("Cue sheet"),
        "session": pick(card.title, language).text,
        "course": pick(card.edition_title, language).text,
        "when": format_span(card.starts_at, card.ends_at, card.zone, language),
        "venue": pick(card.venue_name, language).text if card.venue_name else "",
        "slide_head": _("Slides"),
        "cue_head": _("What to do"),
        "none": _("This session has no papers."),
        "free": _("No slide needs anything: it may be shown, streamed and recorded throughout."),
        "printed": _("As of %(moment)s", moment=format_moment(at, viewer_zone(), language)),
    }


def _cue_papers(papers: Sequence[PaperChannels]) -> list[CuePaper]:
    language = ui_language()
    return [
        CuePaper(
            title=pick(one.recording.title, language).text,
            pages=one.recording.pages or 0,
            warnings=tuple(closed_text(c) for c in Channel if c in one.closed),
            rows=tuple(
                CueRow(cue_head(cue), cue_text(cue), " ".join(cue.notes)) for cue in one.cues
            ),
        )
        for one in papers
    ]


def _meeting(live_session_id: str) -> SessionCard:
    if not is_id(live_session_id):
        raise NotFoundError
    card = get_live_session(live_session_id)
    require_recording_adder(current_actor(), card.edition_id)
    return card


def _paper(recording_id: str) -> Recording:
    if not is_id(recording_id):
        raise NotFoundError
    found = get_recording(recording_id)
    require_recording_editor(current_actor(), found)
    if found.kind != MediaKind.PAPER:
        raise NotFoundError
    return found


def _show(paper: Recording, form: FlagForm, refused: dict[str, FlagForm] | None = None) -> Any:
    read = read_channels(paper, clock.now())
    forms = {
        flag.id: FlagForm(
            None, prefix=flag.id, first_page=flag.first_page, last_page=flag.last_page,
            barred=[one.value for one in barred_by(flag)], note=flag.note,
        )
        for flag in read.flags
    }  # fmt: skip
    forms.update({key: one for key, one in (refused or {}).items() if key in forms})
    cuts, copy = _download_cuts(read), find_copy(paper)
    page = render_template(
        "rights/channels.html",
        recording=paper,
        entry=get_entry(paper.edition_id),
        paper=read,
        form=form,
        forms=forms,
        open_flag=next(iter(refused or {}), ""),
        cuts=cuts,
        copy=copy if copy is not None and [list(pair) for pair in copy.cuts] == cuts else None,
        warnings=[closed_text(one) for one in Channel if one in read.closed],
        foreign=[(pages_text(one.first, one.last), barred_text(one.barred)) for one in read.barred],
        barred_of=lambda flag: barred_text(barred_by(flag)),
        pages_text=pages_text,
        channel_name=channel_name,
        cues=[(cue_head(cue), cue_text(cue), cue.notes) for cue in read.cues],
    )
    return page, 422 if form.is_submitted() or refused else 200


def _download_cuts(paper: PaperChannels) -> list[list[int]]:
    """Return the pages (from 0, the end left out) that the file given out must not hold, merged."""
    flags = [
        [flag.first_page - 1, flag.last_page]
        for flag in paper.flags
        if Channel.DOWNLOAD in barred_by(flag)
    ]
    foreign = [[one.first - 1, one.last] for one in paper.barred if Channel.DOWNLOAD in one.barred]
    merged = merge_cuts([*flags, *foreign], paper.recording.pages or 0)
    return [[a, b] for a, b in merged or ()]


def _back(recording_id: str) -> Any:
    return redirect(url_for("rights.channels", recording_id=recording_id), 303)
