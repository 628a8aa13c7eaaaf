"""The clearing board, and asking for one part."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.infra.db import unit_of_work
from lms.infra.web.access import RIGHTS_DESK, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.clock import day_in, from_ms
from lms.kernel.errors import InvalidInputError
from lms.kernel.localized import pick
from lms.recordings.models import Recording
from lms.recordings.texts import language_text
from lms.rights.forms.desk import reach_choices, usual_actions
from lms.rights.forms.segments import NEW_HOLDER, AskForm, BasisForm
from lms.rights.models import Segment
from lms.rights.operations import ask_for_segment, clear_segment, link_agreement
from lms.rights.operations.asking import ask_consent
from lms.rights.operations.holders import HolderDetails, find_or_add_rightsholder
from lms.rights.queries import read_rights_desk
from lms.rights.queries.consents import list_holders
from lms.rights.queries.proposals import list_waiting
from lms.rights.queries.segments import list_segments, read_board
from lms.rights.rules import Reach
from lms.rights.rules.consent import ConsentTerms
from lms.rights.rules.facts import BEGINNING, END
from lms.rights.rules.segments import HOLDER_KINDS
from lms.rights.texts.segments import BASES, COLUMNS, KINDS, range_text
from lms.rights.views.blueprint import blueprint
from lms.rights.views.managing import managed_segment


@blueprint.get("/desk/rights/clearing")
@access(RIGHTS_DESK)
def clearing() -> Any:
    """Show all parts over all recordings by how they are cleared."""
    kind, programme = request.args.get("kind", ""), request.args.get("programme", "")[:26]
    board = read_board(
        current_actor(),
        clock.now(),
        kind=kind if kind in KINDS else None,
        programme_id=programme.replace("\0", "") or None,
    )
    language = ui_language()
    return render_template(
        "rights/clearing.html",
        board=board,
        waiting=list_waiting(current_actor(), clock.now()),
        kind=kind,
        programme=programme,
        kinds=[("", _("All kinds")), *KINDS.items()],
        programmes=[
            ("", _("All programmes")),
            *((key, pick(title, language).text) for key, title in board.programmes),
        ],
        words={"kind": KINDS, "column": COLUMNS, "basis": BASES, "range": range_text},
    )


@blueprint.post("/desk/segments/<segment_id>/clear")
@access(RIGHTS_DESK)
def clear(segment_id: str) -> Any:
    """Decide from the board to have a part cut or replaced, or to think again."""
    managed_segment(segment_id)
    way = request.form.get("way", "")
    if way not in ("", "cut", "replace"):
        raise InvalidInputError("way", "choice_unknown")
    with unit_of_work():
        clear_segment(current_actor(), segment_id, way, clock.now())
    flash(_("Saved."), "done")
    return redirect(url_for("rights.clearing"), 303)


@blueprint.route("/desk/segments/<segment_id>/exempt", methods=["GET", "POST"])
@access(RIGHTS_DESK)
def exempt(segment_id: str) -> Any:
    """State why a part needs nobody's agreement."""
    segment, recording = managed_segment(segment_id)
    form = BasisForm()
    if not form.is_submitted():
        form.basis.data, form.basis_note.data = segment.basis, segment.basis_note
    elif form.validate():
        try:
            with unit_of_work():
                clear_segment(
                    current_actor(), segment_id, "exempt", clock.now(),
                    basis=form.basis.data or "", basis_note=form.basis_note.data or "",
                )  # fmt: skip
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        else:
            flash(_("Saved."), "done")
            return redirect(url_for("rights.clearing"), 303)
    page = render_template(
        "rights/clearing_exempt.html",
        segment=segment,
        recording=recording,
        form=form,
        place=range_text(segment, recording),
        kinds=KINDS,
    )
    return page, 422 if form.is_submitted() else 200


@blueprint.route("/desk/segments/<segment_id>/ask", methods=["GET", "POST"])
@access(RIGHTS_DESK)
def ask_segment(segment_id: str) -> Any:
    """Ask a rightsholder for a part: the agreement is proposed, and the letter sent if wanted."""
    segment, recording = managed_segment(segment_id)
    form = AskForm()
    form.set_choices(
        recording.kind,
        _holders(),
        reach_choices(ui_language())[:-1],
        [(tag, language_text(tag)) for tag in ("ja", "en")],
    )
    if not form.is_submitted():
        _fill(form, segment, recording)
    elif form.validate():
        try:
            sent = _ask(form, segment_id)
        except InvalidInputError as error:
            form.refuse(_FIELDS.get(error.field, error.field), refusal_sentence(error))
        else:
            flash(_("Asked; the letter is on its way.") if sent else _("Entered."), "done")
            return _back(recording.id)
    marks = list_segments(recording, clock.now())
    linked = {name for line in marks.lines if line.segment.id == segment_id
              for name in line.segment.lineages}  # fmt: skip
    page = render_template(
        "rights/clearing_ask.html",
        segment=segment,
        recording=recording,
        form=form,
        place=range_text(segment, recording),
        kinds=KINDS,
        known=[one for one in marks.holders if one.lineage not in linked],
    )
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/desk/segments/<segment_id>/link")
@access(RIGHTS_DESK)
def link(segment_id: str) -> Any:
    """Let a part depend on an agreement that is in the register already."""
    _segment, recording = managed_segment(segment_id)
    with unit_of_work():
        link_agreement(
            current_actor(), segment_id, request.form.get("lineage", "")[:26], clock.now()
        )
    flash(_("Saved."), "done")
    return _back(recording.id)


#: Where `operations` name a field otherwise than the form.
_FIELDS = {"orgs": "reach", "agreements": "holder", "title": "name", "kana": "name"}


def _ask(form: AskForm, segment_id: str) -> bool:
    """Enter what is asked for in one transaction; whether a letter goes out."""
    actor, at = current_actor(), clock.now()
    terms = ConsentTerms(
        uses=frozenset(form.uses.data or ()),
        reach=Reach[form.reach.data.upper()],
        first_on=form.first_on.data,
        last_on=form.last_on.data,
        credit=form.credit.data or "",
    )
    with unit_of_work():
        holder_id = form.holder.data
        if holder_id == NEW_HOLDER:
            details = HolderDetails(
                name=form.name.data or "",
                organisation=form.organisation.data or "",
                email=form.email.data or "",
                language=form.language.data,
            )
            holder_id = find_or_add_rightsholder(actor, details, at).id
        agreement = ask_for_segment(
            actor, segment_id, holder_id, at, kind=form.kind.data, proposal=terms
        )
        if not form.send.data:
            return False
        request_ = ask_consent(
            actor, holder_id, [agreement.id], at,
            message=form.message.data or "", due_on=form.due_on.data,
        )  # fmt: skip
        return request_.sent_at is not None


def _fill(form: AskForm, segment: Segment, recording: Recording) -> None:
    """Propose what the others allowed, so that the part is no narrower than the rest."""
    rights = read_rights_desk(recording, clock.now()).rights
    usual = set(usual_actions(recording.kind))
    allowed = None if rights is None or rights.actions is None else rights.actions & usual
    paper = recording.kind == "paper"
    form.kind.data = HOLDER_KINDS[segment.kind]
    form.uses.data = sorted(allowed) if allowed else (["display"] if paper else ["play"])
    reach = None if rights is None else rights.reach
    form.reach.data = (Reach.AFFILIATE if reach is None else reach).name.lower()
    if rights is not None and rights.closes != END:
        form.last_on.data = day_in(from_ms(rights.closes - 1))
    if rights is not None and rights.opens != BEGINNING:
        form.first_on.data = day_in(from_ms(rights.opens))
    form.credit.data = segment.title


def _holders() -> list[tuple[str, str]]:
    return [
        (one.id, f"{one.name} ({one.organisation})" if one.organisation else one.name)
        for one in list_holders(current_actor())
    ]


def _back(recording_id: str) -> Any:
    return redirect(url_for("rights.segments", recording_id=recording_id, _anchor="list"), 303)
