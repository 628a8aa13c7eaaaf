"""Forms of the rights desk."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from typing_extensions import override
from wtforms import (
    BooleanField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from lms.infra.web.forms import DayField, PlainIntegerField, TomoniForm, WallField
from lms.recordings.models import MediaKind
from lms.rights.rules import Reach
from lms.rights.texts.desk import ACTIONS, CHANNELS, KINDS, PURPOSES, STATUSES, level_text

NAMED = "named"
ANONYMOUS = "anonymous"

_VIDEO_ACTIONS = ("play", "download", "screen", "live", "embed")
_PAPER_ACTIONS = ("display", "download", "print", "screen", "live")


def offered(names: Mapping[Any, Any], keys: Iterable[str] | None = None) -> list[Any]:
    """Return choices of some keys, else of all, with their names."""
    return [SelectChoice(key, names[key]) for key in (names if keys is None else keys)]


class Checks(SelectMultipleField):
    """Boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def usual_actions(media_kind: str) -> tuple[str, ...]:
    """Return the uses that a recording or a handout can be put to."""
    return _PAPER_ACTIONS if media_kind == MediaKind.PAPER else _VIDEO_ACTIONS


def reach_choices(language: str) -> list[Any]:
    """Return the steps of the ladder in the federation's own words."""
    steps = (Reach.HQ, Reach.INDUSTRIAL, Reach.AFFILIATE)
    return [
        *(
            SelectChoice(step.name.lower(), _("Up to %(level)s", level=level_text(step, language)))
            for step in steps
        ),
        SelectChoice("outside", _("All participants, including overseas and management")),
        SelectChoice(NAMED, _("Only the organisations named below")),
    ]


class _AudienceForm(TomoniForm):
    """Uses, for whom, from when until when: what agreements and publications share."""

    actions = Checks(_l("Uses"), choices=[])
    reach = SelectField(_l("For whom"), choices=[])
    organisations = Checks(_l("Also for these organisations and all below them"), choices=[])
    first_on = DayField(_l("First day"))
    last_on = DayField(_l("Last day"))

    def set_choices(
        self, media_kind: str, organisations: Sequence[tuple[str, str]], language: str
    ) -> None:
        """Set what may be chosen: uses, steps of the ladder, organisations (ids and names)."""
        self.actions.choices = offered(ACTIONS, usual_actions(media_kind))
        self.reach.choices = reach_choices(language)
        self.organisations.choices = [SelectChoice(key, name) for key, name in organisations]

    @property
    def chosen_reach(self) -> Reach | None:
        """Return the step chosen; None: only the organisations named."""
        return None if self.reach.data == NAMED else Reach[self.reach.data.upper()]


class AgreementForm(_AudienceForm):
    """An agreement entered by hand."""

    kind = SelectField(_l("What they hold"), choices=offered(KINDS))
    holder_name = StringField(_l("Rightsholder"), validators=[Length(max=200)])
    holder_account = StringField(
        _l("Sign-in ID or address, if they have an account"), validators=[Length(max=320)]
    )
    renews = SelectField(_l("Renews"), choices=[], default="")  # not asked where nothing can be
    status = RadioField(_l("Answer"), choices=offered(STATUSES), default="signed")
    signed_on = DayField(_l("Signed on"))
    recording_consent = BooleanField(_l("They agree to be recorded"))
    watermark = BooleanField(_l("Show a watermark with name and time"))
    stream_only = BooleanField(_l("Streaming only, no copies"))
    attribution = StringField(_l("Wording of the credit"), validators=[Length(max=200)])
    territory = StringField(_l("Only in these countries"), validators=[Length(max=300)])
    purposes = Checks(_l("Only for these purposes"), choices=offered(PURPOSES))
    channels = Checks(_l("Only through these channels"), choices=offered(CHANNELS))
    max_views = PlainIntegerField(
        _l("Views a person at most"), validators=[Optional(), NumberRange(min=1, max=10000)]
    )
    enrolled_only = BooleanField(_l("Only for enrolled participants of this course"))
    prohibited_actions = Checks(_l("Never for these uses"), choices=[])
    prohibited_organisations = Checks(_l("Never for these organisations"), choices=[])
    note = TextAreaField(_l("Note"), validators=[Length(max=2000)])

    @override
    def set_choices(
        self, media_kind: str, organisations: Sequence[tuple[str, str]], language: str
    ) -> None:
        """Set what may be chosen, in the prohibitions too."""
        super().set_choices(media_kind, organisations, language)
        self.prohibited_actions.choices = offered(ACTIONS, usual_actions(media_kind))
        self.prohibited_organisations.choices = self.organisations.choices

    def set_lineages(self, lineages: Sequence[tuple[str, str]]) -> None:
        """Set which agreements it may renew: lineages and names."""
        self.renews.choices = [
            SelectChoice("", _("A new agreement")),
            *(SelectChoice(key, name) for key, name in lineages),
        ]

    @property
    def has_advanced(self) -> bool:
        """Whether something is filled in or wrong among what is folded."""
        folded = (
            self.territory, self.purposes, self.channels, self.max_views, self.enrolled_only,
            self.prohibited_actions, self.prohibited_organisations, self.note,
        )  # fmt: skip
        return any(field.data or field.errors for field in folded)


class PublicationForm(_AudienceForm):
    """What the federation wants to show."""

    enrolled_only = BooleanField(_l("Only for enrolled participants of this course"))


class ReasonForm(TomoniForm):
    """A reason, for withdrawing and taking down."""

    reason = TextAreaField(_l("Reason"), validators=[Length(max=2000)])


class AnswerForm(TomoniForm):
    """The answer to a request."""

    status = RadioField(
        _l("Answer"), choices=offered(STATUSES, ("signed", "refused")), default="signed"
    )
    signed_on = DayField(_l("Signed on"))
    recording_consent = BooleanField(_l("They agree to be recorded"))


class SimulatorForm(TomoniForm):
    """Somebody supposed: whose member, when, from where. Read from the address."""

    class Meta:
        """A question changes nothing: it needs no token."""

        csrf = False

    organisation = SelectField(_l("Member of"), choices=[])
    moment = WallField(_l("Date and time (Japan)"))
    country = SelectField(_l("Country"), choices=[])
    enrolled = BooleanField(_l("Enrolled in this course"))
    action = SelectField(_l("Use"), choices=[])

    def set_choices(
        self,
        media_kind: str,
        organisations: Sequence[tuple[str, str]],
        countries: Sequence[tuple[str, str]],
    ) -> None:
        """Set what may be chosen."""
        self.organisation.choices = [
            SelectChoice(ANONYMOUS, _("Nobody: not signed in")),
            SelectChoice("", _("A participant without an organisation")),
            *(SelectChoice(key, name) for key, name in organisations),
        ]
        self.country.choices = [
            SelectChoice("", _("Country not stated")),
            *(SelectChoice(code, name) for code, name in countries),
        ]
        self.action.choices = offered(ACTIONS, usual_actions(media_kind))
