"""The marker: what of a recording belongs to others, beside its preview."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from lms.infra.db import unit_of_work
from lms.infra.web.access import RIGHTS_DESK, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.kernel import clock
from lms.kernel.clock import day_in
from lms.kernel.dates import plain
from lms.kernel.errors import InvalidInputError
from lms.recordings.models import MediaKind, Recording
from lms.rights.forms.segments import PlaceForm, SegmentForm
from lms.rights.models import Segment
from lms.rights.operations import (
    SegmentDetails,
    change_segment,
    confirm_ranges,
    confirm_removed,
    delete_segment,
    mark_segment,
    request_cut_copy,
    split_segment,
    unlink_agreement,
)
from lms.rights.queries import decide, length_of, read_rights_desk, viewer_facts
from lms.rights.queries.segments import Marks, list_segments, wanted_cuts
from lms.rights.rules import Action
from lms.rights.rules.segments import read_clock, read_pages, write_clock, write_pages
from lms.rights.texts import STAFF_TEXTS
from lms.rights.texts.segments import (
    BASES,
    COLUMNS,
    COPY_STATES,
    KINDS,
    WAYS,
    range_text,
    shown_text,
)
from lms.rights.views.blueprint import blueprint
from lms.rights.views.managing import managed_recording, managed_segment

_READY = frozenset({"review", "published"})


@blueprint.get("/desk/recordings/<recording_id>/segments")
@access(RIGHTS_DESK)
def segments(recording_id: str) -> Any:
    """Show the parts of a recording beside its preview; `?edit=` puts one into the form."""
    return _show(managed_recording(recording_id))


@blueprint.post("/desk/recordings/<recording_id>/segments")
@access(RIGHTS_DESK)
def mark(recording_id: str) -> Any:
    """Mark a part."""
    recording = managed_recording(recording_id)
    form = SegmentForm()
    if form.validate_on_submit():
        try:
            details = _details(form, recording)
            with unit_of_work():
                mark_segment(current_actor(), recording_id, details, clock.now())
        except InvalidInputError as error:
            _refuse(form, recording, error)
        else:
            flash(_("The part is marked."), "done")
            return _back(recording_id)
    return _show(recording, form=form)


@blueprint.post("/desk/segments/<segment_id>")
@access(RIGHTS_DESK)
def edit_segment(segment_id: str) -> Any:
    """Change a part."""
    segment, recording = managed_segment(segment_id)
    form = SegmentForm()
    if form.validate_on_submit():
        try:
            details = _details(form, recording)
            with unit_of_work():
                change_segment(current_actor(), segment_id, details, clock.now())
        except InvalidInputError as error:
            _refuse(form, recording, error)
        else:
            flash(_("Saved."), "done")
            return _back(recording.id)
    return _show(recording, form=form, editing=segment)


@blueprint.post("/desk/segments/<segment_id>/split")
@access(RIGHTS_DESK)
def split(segment_id: str) -> Any:
    """Split a part in two."""
    segment, recording = managed_segment(segment_id)
    form = PlaceForm(prefix="split")
    if form.validate_on_submit():
        try:
            place = _place(form.place.data or "", recording)
            with unit_of_work():
                split_segment(current_actor(), segment_id, place, clock.now())
        except InvalidInputError as error:
            form.refuse("place", refusal_sentence(error))
        else:
            flash(_("The part is split in two."), "done")
            return _back(recording.id)
    return _show(recording, editing=segment, split_form=form)


@blueprint.post("/desk/segments/<segment_id>/delete")
@access(RIGHTS_DESK)
def remove_segment(segment_id: str) -> Any:
    """Take a mark away."""
    _segment, recording = managed_segment(segment_id)
    with unit_of_work():
        delete_segment(current_actor(), segment_id, clock.now())
    flash(_("The mark is taken away."), "done")
    return _back(recording.id)


@blueprint.post("/desk/segments/<segment_id>/removed")
@access(RIGHTS_DESK)
def mark_removed(segment_id: str) -> Any:
    """State that the present file no longer holds a part."""
    _segment, recording = managed_segment(segment_id)
    with unit_of_work():
        confirm_removed(current_actor(), segment_id, clock.now())
    flash(_("Noted: the file no longer holds this part."), "done")
    return _back(recording.id)


@blueprint.post("/desk/segments/<segment_id>/unlink")
@access(RIGHTS_DESK)
def unlink(segment_id: str) -> Any:
    """Take an agreement off a part."""
    _segment, recording = managed_segment(segment_id)
    with unit_of_work():
        unlink_agreement(
            current_actor(), segment_id, request.form.get("lineage", "")[:26], clock.now()
        )
    flash(_("Saved."), "done")
    return _back(recording.id)


@blueprint.post("/desk/recordings/<recording_id>/segments/confirm")
@access(RIGHTS_DESK)
def confirm_segments(recording_id: str) -> Any:
    """State that the marks lie right in the present file too."""
    managed_recording(recording_id)
    with unit_of_work():
        count = confirm_ranges(current_actor(), recording_id, clock.now())
    flash(ngettext("%(num)s mark checked.", "%(num)s marks checked.", count), "done")
    return _back(recording_id)


@blueprint.post("/desk/recordings/<recording_id>/segments/copy")
@access(RIGHTS_DESK)
def cut_copy(recording_id: str) -> Any:
    """Have a copy to take away made without what is hidden."""
    managed_recording(recording_id)
    try:
        with unit_of_work():
            request_cut_copy(current_actor(), recording_id, clock.now())
    except InvalidInputError as error:  # cuts that a rightsholder rules out
        flash(refusal_sentence(error), "warn")
    else:
        flash(_("The copy is being made."), "done")
    return _back(recording_id, "copy")


def _show(
    recording: Recording,
    *,
    form: SegmentForm | None = None,
    editing: Segment | None = None,
    split_form: PlaceForm | None = None,
) -> Any:
    at = clock.now()
    refused = form is not None or split_form is not None
    desk = read_rights_desk(recording, at)
    marks = list_segments(recording, at, desk.stopped)
    if editing is None and form is None:
        wanted = request.args.get("edit", "")
        editing = next((one.segment for one in marks.lines if one.segment.id == wanted), None)
    if form is None:
        form = _filled(editing, recording)
    page = render_template(
        "rights/segments.html",
        recording=recording,
        desk=desk,
        marks=marks,
        form=form,
        editing=editing,
        split_form=split_form or PlaceForm(None, prefix="split"),
        preview=_why_no_preview(recording),
        length=length_of(recording),
        timeline=_timeline(marks, recording),
        needs_copy=_needs_copy(recording, marks, desk),
        words={
            "kind": KINDS,
            "way": WAYS,
            "basis": BASES,
            "column": COLUMNS,
            "copy": COPY_STATES,
            "day": day_in,
            "shown": shown_text,
            "range": lambda segment: range_text(segment, recording),
        },
    )
    return page, 422 if refused else 200


def _filled(segment: Segment | None, recording: Recording) -> SegmentForm:
    if segment is None:
        return SegmentForm(None)
    paper = recording.kind == MediaKind.PAPER
    return SegmentForm(
        None,
        data={
            "start": write_clock(segment.a),
            "end": write_clock(segment.b),
            "pages": write_pages(segment.a, segment.b) if paper else "",
            "kind": segment.kind,
            "title": segment.title,
            "way": segment.way,
            "on_deny": segment.on_deny,
            "basis": segment.basis,
            "basis_note": segment.basis_note,
            "note": segment.note,
        },
    )


def _details(form: SegmentForm, recording: Recording) -> SegmentDetails:
    """Return what the form says. Raises InvalidInputError (start, end, pages)."""
    if recording.kind == MediaKind.PAPER:
        pages = read_pages(plain(form.pages.data or ""))
        if pages is None:
            raise InvalidInputError("pages", "pages_unreadable")
        a, b = pages
    else:
        a, b = (_clock(form, name) for name in ("start", "end"))
    return SegmentDetails(
        a=a,
        b=b,
        kind=form.kind.data,
        title=form.title.data or "",
        way=form.way.data,
        on_deny=form.on_deny.data,
        basis=form.basis.data if form.way.data == "exempt" else "",
        basis_note=form.basis_note.data or "",
        note=form.note.data or "",
    )


def _clock(form: SegmentForm, name: str) -> int:
    ms = read_clock(plain(form[name].data or ""))
    if ms is None:
        raise InvalidInputError(name, "clock_unreadable")
    return ms


def _place(text: str, recording: Recording) -> int:
    """Return where to split: a moment in ms, or the page with which the later part begins."""
    if recording.kind == MediaKind.PAPER:
        pages = read_pages(plain(text))
        if pages is None:
            raise InvalidInputError("place", "pages_unreadable")
        return pages[0]
    ms = read_clock(plain(text))
    if ms is None:
        raise InvalidInputError("place", "clock_unreadable")
    return ms


def _refuse(form: SegmentForm, recording: Recording, error: InvalidInputError) -> None:
    field = error.field
    if field == "range":
        field = "pages" if recording.kind == MediaKind.PAPER else "end"
    form.refuse(field, refusal_sentence(error))


def _why_no_preview(recording: Recording) -> str:
    """Return why there is no preview here; empty when there is one."""
    if recording.kind == MediaKind.LINK:
        return str(_("It is held elsewhere and cannot be previewed here."))
    if recording.stage not in _READY:
        return str(_("There is no processed file yet."))
    at = clock.now()
    viewer = viewer_facts(current_actor(), at)
    decision = decide(viewer, recording.id, Action.PREVIEW, at=at, look_ahead=False)
    if decision.allowed:
        return ""
    usual = Action.DISPLAY if recording.kind == MediaKind.PAPER else Action.PLAY
    if decide(viewer, recording.id, usual, at=at, look_ahead=False).allowed:
        return ""
    return " ".join(str(_(STAFF_TEXTS[code])) for code in decision.reasons)


def _timeline(marks: Marks, recording: Recording) -> list[dict[str, Any]]:
    return [
        {
            "start": line.segment.a,
            "end": line.segment.b,
            "kind": "cleared" if line.shown else "hidden",
            "label": f"{range_text(line.segment, recording)} {shown_text(line)}",
        }
        for line in marks.lines
    ]


def _needs_copy(recording: Recording, marks: Marks, desk: Any) -> bool:
    """Whether downloads are wanted, parts are hidden, and no copy with these cuts is there."""
    granted = desk.rights is not None and (
        desk.rights.actions is None or "download" in desk.rights.actions
    )
    if not granted or recording.stage not in _READY or recording.kind == MediaKind.LINK:
        return False
    cuts = wanted_cuts(recording.id, clock.now())
    copy = marks.copy
    made = copy is not None and copy.state != "failed"
    return bool(cuts) and not (
        made and copy is not None and [list(pair) for pair in cuts] == list(copy.cuts)
    )


def _back(recording_id: str, anchor: str | None = "list") -> Any:
    return redirect(url_for("rights.segments", recording_id=recording_id, _anchor=anchor), 303)
