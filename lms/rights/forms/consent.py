"""Forms of consent: what is asked, what is answered, the signature, the letter, the paper."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.validators import Length, Optional

from lms.infra.i18n import LANGUAGES
from lms.infra.web.forms import DayField, PlainIntegerField, TomoniForm
from lms.kernel.dates import plain
from lms.rights.forms.desk import NAMED, Checks, offered, reach_choices
from lms.rights.rules import Reach
from lms.rights.rules.consent import (
    ADAPTATIONS,
    EDITS,
    PURPOSES,
    USES,
    ConsentTerms,
    ItemAnswer,
)
from lms.rights.texts import consent as words
from lms.rights.texts.desk import KINDS
from lms.rights.texts.desk import PURPOSES as PURPOSE_NAMES

Choices = Sequence[tuple[str, str]]

_PICTURED_USES: Final = ("play", "download", "screen", "live", "embed", "guest_link")
_PAPER_USES: Final = ("display", "download", "print", "screen", "embed", "guest_link")


class _Checks(Checks):
    """Boxes to tick. What was not offered is found by the rules, which say it in a sentence."""

    validate_choice = False


def uses_of(media_kind: str) -> tuple[str, ...]:
    """Return the uses that a recording or a paper can be asked for."""
    return _PAPER_USES if media_kind == "paper" else _PICTURED_USES


class TermsForm(TomoniForm):
    """The fields of `ConsentTerms`: the same for what is asked and what is answered."""

    record = BooleanField(_l("May be recorded"))
    uses = _Checks(_l("Uses"), choices=[])
    reach = SelectField(_l("For whom"), choices=[], validate_choice=False)
    orgs = _Checks(_l("Also for these organisations and all below them"), choices=[])
    only = _Checks(_l("Only these unions and all below them"), choices=[])
    enrolled_only = BooleanField(_l("Only for enrolled participants of this course"))
    purposes = _Checks(_l("Purposes"), choices=offered(PURPOSE_NAMES, PURPOSES))
    first_on = DayField(_l("First day"))
    last_on = DayField(_l("Last day"))
    territory = StringField(_l("Only in these countries"), validators=[Length(max=300)])
    edits = _Checks(_l("Edits that are allowed"), choices=offered(words.EDIT_NAMES, EDITS))
    captions = BooleanField(words.ADAPTATION_NAMES["captions"])
    translation = BooleanField(words.ADAPTATION_NAMES["translation"])
    transcript = BooleanField(words.ADAPTATION_NAMES["transcript"])
    summary = BooleanField(words.ADAPTATION_NAMES["summary"])
    credit = StringField(_l("Wording of the name"), validators=[Length(max=200)])
    moral = RadioField(
        _l("Other changes (moral rights)"),
        choices=offered(words.MORAL_NAMES),
        default="consult",
    )
    third_party = RadioField(
        _l("Material of others in it"),
        choices=offered(words.THIRD_PARTY_NAMES),
        default="unknown",
    )
    third_party_list = TextAreaField(_l("Which material, and whose"), validators=[Length(max=2000)])
    portrait = BooleanField(_l("Face and voice may be shown"))
    fee = StringField(_l("Fee"), validators=[Length(max=200)])
    grace_hours = PlainIntegerField(
        _l("After a withdrawal, hours for viewings that have begun"), validators=[Optional()]
    )
    after = RadioField(
        _l("After the period"),
        choices=offered(words.AFTER_NAMES),
        default="destroy",
    )
    watermark = BooleanField(_l("Show a watermark with name and time"))
    stream_only = BooleanField(_l("Streaming only, no copies"))
    remark = TextAreaField(_l("Remark"), validators=[Length(max=2000)])

    def terms(self, course: str, base: ConsentTerms | None = None) -> ConsentTerms:
        """Return what the form says; `course` is the edition of the recording.

        What was no question in `base` (recording, portrait) is none here. Raises
        InvalidInputError for what cannot be read (territory).
        """
        return ConsentTerms(
            record=_tick(self.record, None if base is None else base.record, asked=base),
            uses=frozenset(self.uses.data or ()),
            reach=_reach(self.reach.data),
            orgs=frozenset(self.orgs.data or ()),
            only=frozenset(self.only.data or ()),
            course=course if self.enrolled_only.data else "",
            purposes=frozenset(self.purposes.data or ()),
            first_on=self.first_on.data,
            last_on=self.last_on.data,
            territory=countries_of(self.territory.data or ""),
            edits=frozenset(self.edits.data or ()),
            captions=bool(self.captions.data),
            translation=bool(self.translation.data),
            transcript=bool(self.transcript.data),
            summary=bool(self.summary.data),
            credit=(self.credit.data or "").strip(),
            moral=self.moral.data or "consult",
            third_party=self.third_party.data or "unknown",
            third_party_list=(self.third_party_list.data or "").strip(),
            portrait=_tick(self.portrait, None if base is None else base.portrait, asked=base),
            fee=(self.fee.data or "").strip() if base is None else base.fee,
            grace_hours=(self.grace_hours.data or 0) if "grace_hours" in self else 0,
            after=self.after.data or "destroy",
            watermark=bool(self.watermark.data),
            stream_only=bool(self.stream_only.data),
            remark=(self.remark.data or "").strip(),
        )

    def show(self, terms: ConsentTerms) -> None:
        """Fill the form with terms."""
        for name in (
            "first_on", "last_on", "credit", "moral", "third_party", "third_party_list", "fee",
            "grace_hours", "after", "watermark", "stream_only", "remark", *ADAPTATIONS,
        ):  # fmt: skip
            if name in self:
                self[name].data = getattr(terms, name)
        for name in ("uses", "orgs", "only", "purposes", "edits"):
            self[name].data = sorted(getattr(terms, name))
        self.record.data = bool(terms.record)
        self.portrait.data = bool(terms.portrait)
        self.reach.data = NAMED if terms.reach is None else terms.reach.name.lower()
        self.enrolled_only.data = bool(terms.course)
        self.territory.data = "" if terms.territory is None else ", ".join(sorted(terms.territory))


def _tick(field: Any, asked_tick: bool | None, *, asked: ConsentTerms | None) -> bool | None:  # noqa: FBT001 - three states
    """Return a tick; None where it was no question in what was asked."""
    if asked is not None and asked_tick is None:
        return None
    return bool(field.data)


def _reach(value: str | None) -> Reach | None:
    """Return the step of the ladder; what is no step is read as none, which the rules refuse."""
    try:
        return Reach[(value or "").upper()]
    except KeyError:
        return None


def countries_of(text: str) -> frozenset[str] | None:
    """Return countries of two letters from free text; None for the whole world."""
    codes = [code for code in re.split(r"[\s,\u3001]+", plain(text).upper()) if code]
    if not codes or codes == ["WORLD"]:
        return None
    return frozenset(codes)


class HolderForm(TomoniForm):
    """A rightsholder."""

    name = StringField(_l("Name"), validators=[Length(max=200)])
    kana = StringField(_l("Reading in kana"), validators=[Length(max=200)])
    organisation = StringField(_l("Organisation"), validators=[Length(max=200)])
    title = StringField(_l("Office or title"), validators=[Length(max=100)])
    email = StringField(_l("E-mail"), validators=[Length(max=320)])
    address = TextAreaField(_l("Postal address"), validators=[Length(max=1000)])
    language = SelectField(_l("Language of letters"), choices=[])
    account = StringField(
        _l("Sign-in ID or address, if they have an account"), validators=[Length(max=320)]
    )
    note = TextAreaField(_l("Note"), validators=[Length(max=2000)])

    def __init__(self, *args: Any, **more: Any):
        super().__init__(*args, **more)
        names = {"ja": _("Japanese"), "en": _("English")}
        self.language.choices = [SelectChoice(tag, names.get(tag, tag)) for tag in LANGUAGES]


class LetterForm(TomoniForm):
    """The letter around what is asked."""

    due_on = DayField(_l("Please answer by"))
    number = StringField(_l("Number of the letter"), validators=[Length(max=60)])
    message = TextAreaField(_l("A few words of your own"), validators=[Length(max=2000)])
    way = RadioField(
        _l("How it is asked"),
        choices=[
            SelectChoice("mail", _l("Send the link by e-mail now")),
            SelectChoice("paper", _l("Print the letter and the form")),
            SelectChoice("later", _l("Only note it; one letter for several follows")),
        ],
        default="mail",
    )


class AskForm(TermsForm, HolderForm, LetterForm):
    """Ask one rightsholder for one recording: who, what, and the letter."""

    holder = SelectField(_l("Rightsholder"), choices=[], default="")
    kind = SelectField(_l("What they hold"), choices=offered(KINDS))
    renews = SelectField(_l("Renews"), choices=[], default="")

    def set_choices(
        self,
        media_kind: str,
        *,
        organisations: Choices,
        holders: Choices,
        lineages: Choices,
        language: str,
    ) -> None:
        """Set what may be chosen."""
        self.uses.choices = offered(words.USE_NAMES, uses_of(media_kind))
        self.reach.choices = reach_choices(language)
        found = [SelectChoice(key, name) for key, name in organisations]
        self.orgs.choices = self.only.choices = found
        self.holder.choices = [
            SelectChoice("", _("A new rightsholder (fill in below)")),
            *(SelectChoice(key, name) for key, name in holders),
        ]
        self.renews.choices = [
            SelectChoice("", _("A new agreement")),
            *(SelectChoice(key, name) for key, name in lineages),
        ]


class SeveralForm(LetterForm):
    """One letter for several items of one rightsholder."""

    agreements = _Checks(_l("What is asked for"), choices=[])
    way = RadioField(
        _l("How it is asked"),
        choices=[
            SelectChoice("mail", _l("Send the link by e-mail now")),
            SelectChoice("paper", _l("Print the letter and the form")),
        ],
        default="mail",
    )


class ItemForm(TermsForm):
    """The answer for one item. Only what was asked for is offered."""

    choice = RadioField(_l("Your answer"), choices=[], validate_choice=False)
    other = TextAreaField(
        _l("Who holds the rights, and how to reach them"), validators=[Length(max=500)]
    )

    def set_asked(
        self,
        asked: ConsentTerms,
        names: Mapping[str, str],
        organisations: Choices,
        language: str,
    ) -> None:
        """Offer what was asked for, and no more. `names` of organisations by id."""
        keys = ["yes", "narrower", "no"]
        if asked.record is not None:
            keys.append("nothing")
        self.choice.choices = offered(words.CHOICE_NAMES, [*keys, "not_mine"])
        self.uses.choices = offered(words.USE_NAMES, _among(USES, asked.uses))
        self.purposes.choices = offered(PURPOSE_NAMES, _among(PURPOSES, asked.purposes))
        self.edits.choices = offered(words.EDIT_NAMES, _among(EDITS, asked.edits))
        self.orgs.choices = [SelectChoice(key, names.get(key, key)) for key in sorted(asked.orgs)]
        steps = [step for step in reach_choices(language) if _is_within(step.value, asked)]
        self.reach.choices = steps
        among = [] if asked.reach is None else organisations
        self.only.choices = [
            SelectChoice(key, name) for key, name in among if not asked.only or key in asked.only
        ]
        if asked.grace_hours == 0:
            del self.grace_hours
        del self.fee

    def offers(self, name: str) -> bool:
        """Whether a field offers anything; one of boxes without any is not shown."""
        return not isinstance(self[name], _Checks) or bool(self[name].choices)

    def answer(self, asked: ConsentTerms, course: str) -> ItemAnswer:
        """Return what was chosen. Own wording counts whatever the choice."""
        given = self.terms(course, asked)
        given = replace(
            given,
            course=asked.course or given.course,
            watermark=given.watermark or asked.watermark,
            stream_only=given.stream_only or asked.stream_only,
        )
        if self.choice.data != "narrower":
            own = {
                name: getattr(given, name)
                for name in ("credit", "moral", "third_party", "third_party_list", "remark")
            }
            given = replace(asked, **own)
        return ItemAnswer(self.choice.data or "", given, (self.other.data or "").strip())


def _among(order: Iterable[str], chosen: frozenset[str]) -> list[str]:
    return [key for key in order if key in chosen]


def _is_within(step: str, asked: ConsentTerms) -> bool:
    if step == NAMED:
        return bool(asked.orgs)
    return asked.reach is not None and Reach[step.upper()] <= asked.reach


class SignForm(TomoniForm):
    """The signature: a typed name, a tick, and the code from the mail."""

    name = StringField(_l("Your name"), validators=[Length(max=200)])
    sure = BooleanField(_l("I have read this and it is what I want to answer"))
    code = StringField(_l("Code from our mail (six digits)"), validators=[Length(max=40)])
    mark = HiddenField()

    def check(self, *, with_code: bool) -> bool:
        """Whether name, tick and, where wanted, code are there; else sentences stand below."""
        if not (self.name.data or "").strip():
            self.refuse("name", words.sentence("signature_name_missing"))
        if not self.sure.data:
            self.refuse("sure", words.sentence("tick_missing"))
        if with_code and not (self.code.data or "").strip():
            self.refuse("code", words.sentence("code_missing"))
        return not self.errors


class WithdrawForm(TomoniForm):
    """Taking an agreement back: all of it or some uses."""

    actions = _Checks(_l("Only these uses (none ticked: everything)"), choices=[])
    reason = TextAreaField(_l("Reason"), validators=[Length(max=2000)])
    code = StringField(_l("Code from our mail (six digits)"), validators=[Length(max=40)])

    def set_uses(self, uses: Iterable[str]) -> None:
        """Offer the uses that were granted."""
        self.actions.choices = offered(words.USE_NAMES, _among(USES, frozenset(uses)))


class PaperForm(TomoniForm):
    """A paper form with its scan."""

    signed_on = DayField(_l("Signed on"))
    scan = FileField(_l("Scan of the signed form (PDF, JPEG or PNG)"))


class PlanForm(TomoniForm):
    """A recording planned for a session."""

    title_ja = StringField(_l("Title in Japanese"), validators=[Length(max=200)])
    title_en = StringField(_l("Title in English"), validators=[Length(max=200)])
    kind = RadioField(
        _l("Kind"),
        choices=[
            SelectChoice("video", _l("Picture and sound")),
            SelectChoice("audio", _l("Sound only")),
            SelectChoice("paper", _l("Slides or paper")),
        ],
        default="video",
    )


class ChecklistForm(TomoniForm):
    """The points of the venue that were seen to."""

    done = _Checks(_l("Before the session"), choices=offered(words.CHECKLIST))
