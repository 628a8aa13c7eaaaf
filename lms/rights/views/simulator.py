"""The simulator: this organisation's member, that day, from there."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from babel import Locale
from flask import request
from flask_babel import gettext as _

from lms.infra.web.formats import format_moment
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.clock import JST, from_ms
from lms.people.rules import Tree
from lms.recordings.models import Recording
from lms.rights.forms import ANONYMOUS, SimulatorForm
from lms.rights.queries import Supposed, list_blockers, simulate
from lms.rights.rules import Decision, Verb, viewer_answer
from lms.rights.texts import STAFF_TEXTS, VIEWER_TEXTS, change_sentence
from lms.rights.texts.desk import obligation_texts
from lms.rights.texts.segments import span_text
from lms.rights.views.choices import organisation_choices

_LONGEST = timedelta(days=36_500)


@dataclass(frozen=True, slots=True)
class Simulation:
    """The form and, once asked, the answer in words."""

    form: SimulatorForm
    decision: Decision | None = None
    viewer_sentence: str = ""
    reasons: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()
    blockers: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    muted: tuple[str, ...] = ()
    as_cut_copy: bool = False


def simulation(recording: Recording, tree: Tree) -> Simulation:
    """Return the simulator as the address has it (`?organisation=`, `moment`, `country`, …).

    `tree`: the organisations among which it offers a choice.
    """
    asked = "organisation" in request.args
    form = SimulatorForm(request.args if asked else None)
    form.set_choices(recording.kind, organisation_choices(tree), _countries())
    if not asked:
        form.moment.data = clock.now().astimezone(JST).replace(tzinfo=None)
        form.country.data = "JP"
        form.organisation.data = ""
        return Simulation(form)
    if not form.validate():
        return Simulation(form)
    now = clock.now().astimezone(JST).replace(tzinfo=None)
    moment = form.moment.data or now
    if abs(moment - now) > _LONGEST:
        form.refuse("moment", _("Please write a day nearer to today."))
        return Simulation(form)
    organisation = form.organisation.data
    supposed = Supposed(
        organisation_id=None if organisation in ("", ANONYMOUS) else organisation,
        at=moment.replace(tzinfo=JST),
        action=form.action.data,
        country=form.country.data or None,
        enrolled=bool(form.enrolled.data),
        signed_in=organisation != ANONYMOUS,
    )
    answer = _in_words(form, recording, simulate(recording.id, supposed))
    return replace(answer, blockers=list_blockers(recording.id, supposed))


def _in_words(form: SimulatorForm, recording: Recording, decision: Decision) -> Simulation:
    language = ui_language()
    codes = decision.reasons or (decision.code,)
    owed = decision.obligations
    duties = [
        *(name for name in ("watermark", "stream_only", "audit") if getattr(owed, name)),
        *(f"attribution:{name}" for name in owed.attribution),
    ]
    return Simulation(
        form=form,
        decision=decision,
        viewer_sentence=str(_(VIEWER_TEXTS[viewer_answer(decision).code])),
        reasons=tuple(str(_(STAFF_TEXTS[code])) for code in codes),
        changes=tuple(
            change_sentence(language, change, _when(change.verb, change.detail))
            for change in decision.change
        ),
        duties=tuple(obligation_texts(duties)),
        hidden=tuple(span_text(recording, a, b) for a, b in owed.hide),
        muted=tuple(span_text(recording, a, b) for a, b in owed.mute),
        as_cut_copy=owed.use_rendition is not None,
    )


def _when(verb: Verb, detail: Any) -> str:
    if verb is not Verb.WAIT_UNTIL:
        return ""
    return format_moment(from_ms(detail), JST, ui_language())


def _countries() -> list[tuple[str, str]]:
    """Return all countries in the reader's language, Japan first."""
    names = Locale.parse(ui_language()).territories
    rest = sorted(
        (name, code)
        for code, name in names.items()
        if len(code) == 2 and code.isalpha()  # noqa: PLR2004 - a country's code
    )
    return [("JP", names["JP"]), *((code, name) for name, code in rest if code != "JP")]
