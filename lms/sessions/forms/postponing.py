"""The form of an edition that is put off: what becomes of it, why, and each session's new time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import InputRequired, Optional

from lms.infra.i18n import LANGUAGES
from lms.infra.web.forms import ClockField, DayField, PlainIntegerField, TomoniForm
from lms.kernel.dates import DateFaultError, read_day, read_time
from lms.kernel.localized import Localized, localized
from lms.kernel.wall import WallTime, WallTimeError
from lms.sessions.forms.scheduling import lines
from lms.sessions.operations.postponing import PostponePlan, SessionMove, move_of
from lms.sessions.queries import SessionCard
from lms.sessions.rules.postponing import (
    LONGEST_WORDS,
    MOST_DAYS,
    Cause,
    PostponeKind,
    suggest_answer_until,
)
from lms.sessions.texts.postponing import ANSWERS, CAUSES, KINDS


@dataclass(frozen=True, slots=True)
class MoveLine:
    """A session with its new time as it stands in the form; `move` None: it cannot be read."""

    card: SessionCard
    day: str
    starts: str
    ends: str
    move: SessionMove | None


class PostponeForm(TomoniForm):
    """What becomes of an edition, and what is said about it."""

    kind = RadioField(
        _l("What becomes of it"),
        choices=[SelectChoice(kind.value, text) for kind, text in KINDS.items()],
        validators=[InputRequired(message=_l("Please choose what becomes of it."))],
    )
    cause = SelectField(
        _l("Why"), choices=[SelectChoice(cause.value, text) for cause, text in CAUSES.items()]
    )
    words_ja = lines(_l("A few words in Japanese"), LONGEST_WORDS)
    words_en = lines(_l("A few words in English"), LONGEST_WORDS)
    days = PlainIntegerField(_l("By how many days"), validators=[Optional()])
    shown_days = HiddenField()
    answer_on = DayField(
        _l("People answer until"),
        validators=[Optional()],
        description=_l("Everyone with a seat is asked whether the new dates suit them."),
    )
    answer_time = ClockField(_l("Time"), validators=[Optional()])
    with_deadline = BooleanField(
        _l("Move the deadline for applications by as many days as the first session"), default=True
    )

    def words(self) -> Localized:
        """Return what was said in every language."""
        return localized(*(str(self[f"words_{tag}"].data or "") for tag in LANGUAGES))

    def move_lines(self, cards: Sequence[SessionCard]) -> tuple[MoveLine, ...] | None:
        """Return each session with its new time; None, with errors, without a number of days.

        While the number of days stays, what was corrected in the preview stands.
        """
        days = self.days.data
        if days is None:
            if not self.days.errors:
                self.refuse("days", _("Please fill this in."))
            return None
        if abs(days) > MOST_DAYS:
            self.refuse("days", _("Please choose at most %(most)s days.", most=MOST_DAYS))
            return None
        anew = str(self.shown_days.data or "") != str(days)
        self.shown_days.data = str(days)
        return tuple(_shifted(card, days) if anew else _corrected(card, days) for card in cards)

    def answer_until(self, zone: str, at: datetime, first_at: datetime | None) -> datetime | None:
        """Return until when people answer; where nothing was said, as is usual, and show it."""
        if self.answer_on.data is None and not self.answer_on.errors and first_at is not None:
            moment = suggest_answer_until(at, first_at, ZoneInfo(zone))
            local = moment.astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0)
            for field, value in (
                (self.answer_on, local.date()), (self.answer_time, local.time()),
            ):  # fmt: skip
                field.data, field.raw = value, None
        if self.answer_on.data is None:
            return None
        if self.answer_time.data is None:
            self.refuse("answer_time", _("Please fill this in."))
            return None
        try:
            wall = datetime.combine(self.answer_on.data, self.answer_time.data)
            return WallTime(wall, zone).instant()
        except (WallTimeError, OverflowError):
            self.refuse("answer_time", _("There is no such date or time."))
            return None

    def plan(self, moves: Sequence[SessionMove], answer_until: datetime | None) -> PostponePlan:
        """Return what was entered; the form is valid."""
        kind = PostponeKind(self.kind.data)
        return PostponePlan(
            kind,
            Cause(self.cause.data),
            self.words(),
            tuple(moves) if kind is PostponeKind.MOVED else (),
            answer_until if kind is PostponeKind.MOVED else None,
            with_deadline=bool(self.with_deadline.data),
        )


def _shifted(card: SessionCard, days: int) -> MoveLine:
    try:
        move = move_of(card, timedelta(days=days))
    except OverflowError:
        return MoveLine(card, "", "", "", None)
    return MoveLine(
        card,
        f"{move.starts_local:%Y-%m-%d}",
        f"{move.starts_local:%H:%M}",
        f"{move.ends_local:%H:%M}",
        move,
    )


def _corrected(card: SessionCard, days: int) -> MoveLine:
    """Return what stands in the line of a session; one without a line is moved as the others."""
    typed = [request.form.get(f"{name}-{card.id}") for name in ("day", "starts", "ends")]
    if None in typed:
        return _shifted(card, days)
    day, starts, ends = (str(text)[:40] for text in typed)
    nights = (card.ends_local.date() - card.starts_local.date()).days
    try:
        first = read_day(day)
        move = SessionMove(
            card.id,
            datetime.combine(first, read_time(starts)),
            datetime.combine(first + timedelta(days=nights), read_time(ends)),
        )
    except (DateFaultError, OverflowError):
        return MoveLine(card, day, starts, ends, None)
    return MoveLine(card, day, starts, ends, move)


def postpone_form() -> PostponeForm:
    """Return the form, a week later to begin with."""
    return PostponeForm(data={"days": 7, "with_deadline": True, "cause": Cause.WEATHER.value})


class NewDatesForm(TomoniForm):
    """Whether one can come on the new dates."""

    answer = RadioField(
        _l("Can you come on the new dates?"),
        choices=[SelectChoice(answer.value, text) for answer, text in ANSWERS.items()],
        validators=[InputRequired(message=_l("Please choose one of the answers."))],
    )


def new_dates_form(said: str) -> NewDatesForm:
    """Return the form with what was said before, if anything."""
    return NewDatesForm(data={"answer": said or None})
