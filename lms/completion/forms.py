"""The editor of an edition's rule. Adding, moving and removing send the form without saving."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from typing_extensions import override
from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import Length, Optional

from lms.completion.models import Combine, CompletionRule, Requirement
from lms.completion.rules import DEFAULT_PERMILLE, EditionRuleDraft, RequirementDraft, RouteKind
from lms.completion.texts import COMBINES
from lms.infra.web.forms import ClockField, DayField, PlainIntegerField, TomoniForm
from lms.infra.web.locale import ui_language
from lms.kernel.localized import Localized, localized, pick
from lms.kernel.wall import WallTime, WallTimeError

MOST = 40
_STEP = 5
Route = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Choices:
    """What an edition offers to requirements: parts and lessons, with their titles."""

    zone: str
    parts: tuple[tuple[str, Localized], ...] = ()
    lessons: tuple[tuple[str, Localized], ...] = ()
    standing: Mapping[str, Requirement] = field(default_factory=dict)

    def options(self, pairs: Sequence[tuple[str, Localized]], empty: str) -> list[Any]:
        """Return the choices of a select."""
        words = [(key, pick(title, ui_language()).text) for key, title in pairs]
        return [SelectChoice(key, text) for key, text in [("", empty), *words]]


def _is_share(percent: int) -> bool:
    """Whether a share in per cent is one that the form takes."""
    return _STEP <= percent <= 100 and percent % _STEP == 0  # noqa: PLR2004 - the whole


def _clean(text: str | None) -> str | None:
    return text.replace("\0", "").strip() if text else text


def _title(label: Any) -> StringField:
    most = Length(max=120, message=_l("At most %(max)d characters fit here."))
    return StringField(label, validators=[Optional(), most], filters=[_clean])


class RequirementForm(Form):
    """One requirement with its ways. Without CSRF of its own: the whole form has it."""

    id = HiddenField(filters=[_clean])
    title_ja = _title(_l("Requirement (Japanese)"))
    title_en = _title(_l("Requirement (English)"))
    part = SelectField(_l("Part"), validate_choice=False)
    attend = BooleanField(_l("Attend sessions of the part"))
    share = PlainIntegerField(_l("Share of the sessions to attend"))
    watch = BooleanField(_l("Watch the recordings of the part"))
    percent = PlainIntegerField(_l("Share to watch"), default=DEFAULT_PERMILLE // 10)
    read = BooleanField(_l("Read a lesson"))
    lesson = SelectField(_l("Lesson"), validate_choice=False)
    confirmed = BooleanField(_l("Confirmed by the organiser, such as a report handed in"))


class RuleForm(TomoniForm):
    """The rule of an edition with its requirements."""

    combine = RadioField(_l("To complete this course one needs"))
    needed = PlainIntegerField(_l("How many"))
    due_on = DayField(_l("Due: day"))
    due_time = ClockField(_l("Due: time"))
    gives_certificate = BooleanField(_l("Issue a certificate to everyone who completes it"))
    requirements = FieldList(FormField(RequirementForm), max_entries=MOST)

    @override
    def __init__(self, *args: Any, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer = choices
        self.combine.choices = [SelectChoice(key.value, word) for key, word in COMBINES.items()]
        for entry in self.requirements:
            one = entry.form
            one.part.choices = choices.options(choices.parts, _("No part"))
            one.lesson.choices = choices.options(choices.lessons, _("Please choose"))

    @override
    def validate(self, extra_validators: Any = None) -> bool:
        fine = bool(super().validate(extra_validators))
        count = len(self.requirements)
        counts = self.combine.data == Combine.AT_LEAST and not self.needed.errors
        if counts and not 1 <= (self.needed.data or 0) <= max(count, 1):
            self.refuse(
                "needed", _("Please write a number from 1 to %(most)s.", most=max(count, 1))
            )
            fine = False
        fine = self._check_due() and fine
        for entry in self.requirements:
            fine = self._check_requirement(entry.form) and fine
        if any(entry.errors for entry in self.requirements):  # the summary reads them here
            self.requirements.errors = [entry.errors for entry in self.requirements]
        return fine

    def _check_due(self) -> bool:
        day, clock = self.due_on, self.due_time
        if day.errors or clock.errors:
            return False
        if (day.data is None) != (clock.data is None):
            self.refuse(
                "due_on" if day.data is None else "due_time",
                _("A deadline has a day and a time."),
            )
            return False
        try:
            self.due_at()
        except (WallTimeError, OverflowError):
            self.refuse("due_time", _("There is no such date or time."))
            return False
        return True

    def _check_requirement(self, one: Any) -> bool:
        faults: list[tuple[str, str]] = []
        if not (one.title_ja.data or one.title_en.data):
            faults.append((f"title_{ui_language()}", _("Please fill this in.")))
        part = one.part.data in {key for key, _title in self.offer.parts}
        if (one.part.data or one.attend.data or one.watch.data) and not part:
            faults.append(("part", _("Please choose one of these.")))
        percent = one.percent.data or 0
        if one.watch.data and not one.percent.errors and not _is_share(percent):
            faults.append(("percent", _("Please write a multiple of 5 from 5 to 100.")))
        share = one.share.data
        if one.attend.data and share is not None and not _is_share(share):
            faults.append(
                ("share", _("Please write a multiple of 5 from 5 to 100, or leave it empty."))
            )
        if one.read.data and one.lesson.data not in {key for key, _title in self.offer.lessons}:
            faults.append(("lesson", _("Please choose one of these.")))
        if not (
            one.attend.data or one.watch.data or one.read.data or one.confirmed.data
        ) and not self.other_routes(one):
            faults.append(("attend", _("Please choose at least one way to meet this.")))
        for name, sentence in faults:
            one[name].errors = [*one[name].errors, sentence]
        return not faults

    def due_at(self) -> datetime | None:
        """Return the moment by which it is to be done. Raises WallTimeError."""
        if self.due_on.data is None or self.due_time.data is None:
            return None
        local = datetime.combine(self.due_on.data, self.due_time.data)
        return WallTime(local, self.offer.zone).instant()

    def other_routes(self, one: Any) -> list[Route]:
        """Return the ways of a standing requirement that this form does not show: they stay."""
        requirement = self.offer.standing.get(one.id.data or "")
        if requirement is None:
            return []
        return split_routes(requirement)[1]

    def draft(self) -> EditionRuleDraft:
        """Return what was entered. Only after `validate`."""
        return EditionRuleDraft(
            combine=self.combine.data,
            needed=self.needed.data if self.combine.data == Combine.AT_LEAST else None,
            due_at=self.due_at(),
            gives_certificate=self.gives_certificate.data,
            requirements=tuple(self._requirement(entry.form) for entry in self.requirements),
        )

    def _requirement(self, one: Any) -> RequirementDraft:
        part = one.part.data or ""
        routes: list[Route] = []
        if one.attend.data:
            share = {} if one.share.data is None else {"permille": one.share.data * 10}
            routes.append({"kind": "attend", "part_id": part, **share})
        if one.watch.data:
            routes.append({"kind": "watch", "part_id": part, "permille": one.percent.data * 10})
        if one.read.data:
            routes.append({"kind": "read", "lesson_id": one.lesson.data})
        if one.confirmed.data:
            routes.append({"kind": "confirmed"})
        return RequirementDraft(
            title=localized(one.title_ja.data or "", one.title_en.data or ""),
            routes=(*routes, *self.other_routes(one)),
            part_id=part or None,
            id=one.id.data or None,
        )


def split_routes(requirement: Requirement) -> tuple[dict[RouteKind, Route], list[Route]]:
    """Return the ways that the form shows, by kind, and the others."""
    shown: dict[RouteKind, Route] = {}
    others: list[Route] = []
    for route in requirement.routes:
        kind = RouteKind(route["kind"])
        about_part = kind in {RouteKind.ATTEND, RouteKind.WATCH}
        fits = not about_part or (
            route.get("part_id") is not None
            and route["part_id"] == requirement.part_id
            and int(route.get("permille", DEFAULT_PERMILLE)) % (10 * _STEP) == 0
        )
        if fits and kind not in shown:
            shown[kind] = route
        else:
            others.append(route)
    return shown, others


def _entered(requirement: Requirement) -> dict[str, Any]:
    shown, _others = split_routes(requirement)
    permille = int(shown.get(RouteKind.WATCH, {}).get("permille", DEFAULT_PERMILLE))
    share = shown.get(RouteKind.ATTEND, {}).get("permille")
    return {
        "id": requirement.id,
        "title_ja": requirement.title.get("ja", ""),
        "title_en": requirement.title.get("en", ""),
        "part": requirement.part_id or "",
        "attend": RouteKind.ATTEND in shown,
        "share": int(share) // 10 if share is not None else None,
        "watch": RouteKind.WATCH in shown,
        "percent": permille // 10,
        "read": RouteKind.READ in shown,
        "lesson": shown.get(RouteKind.READ, {}).get("lesson_id", ""),
        "confirmed": RouteKind.CONFIRMED in shown,
    }


def stored_values(rule: CompletionRule | None, choices: Choices) -> dict[str, Any]:
    """Return what the form shows of what is stored."""
    values: dict[str, Any] = {
        "combine": rule.combine if rule else Combine.ALL.value,
        "needed": rule.needed if rule else None,
        "gives_certificate": rule.gives_certificate if rule else True,
        "requirements": [_entered(one) for one in choices.standing.values()],
    }
    if rule is not None and rule.due_at is not None:
        local = rule.due_at.astimezone(ZoneInfo(choices.zone))
        values |= {"due_on": local.date(), "due_time": local.time()}
    return values


def _suggested(part_id: str, title: Localized) -> dict[str, Any]:
    return {
        "title_ja": title.get("ja", "")[:120],
        "title_en": title.get("en", "")[:120],
        "part": part_id,
        "attend": True,
        "watch": True,
        "percent": DEFAULT_PERMILLE // 10,
    }


def rearranged(values: dict[str, Any], act: str, choices: Choices) -> dict[str, Any]:
    """Return the values after a button that does not save: add, suggest, remove-1, up-1, down-1."""
    rows = list(values.get("requirements") or [])
    name, _dash, place = act.partition("-")
    places = {str(number): number for number in range(len(rows))}
    at = places.get(place, -1)
    if name == "add" and len(rows) < MOST:
        rows.append({"percent": DEFAULT_PERMILLE // 10})
    elif name == "suggest":
        taken = {row.get("part") for row in rows}
        rows += [_suggested(key, title) for key, title in choices.parts if key not in taken]
    elif name == "remove" and 0 <= at < len(rows):
        del rows[at]
    elif name == "up" and 0 < at < len(rows):
        rows[at - 1], rows[at] = rows[at], rows[at - 1]
    elif name == "down" and 0 <= at < len(rows) - 1:
        rows[at], rows[at + 1] = rows[at + 1], rows[at]
    return {**values, "requirements": rows[:MOST]}


class QuestionForm(TomoniForm):
    """Keep or revoke, with a reason."""

    reason = TextAreaField(
        _l("Reason"),
        validators=[Length(max=2000, message=_l("At most %(max)d characters fit here."))],
        filters=[_clean],
    )
