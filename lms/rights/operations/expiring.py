"""Reminding of ends, asking to renew, and the weekly digest. Acts of the clock's: no actor."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

import structlog

from lms.infra.db import db
from lms.infra.events import raise_event
from lms.kernel.actor import SYSTEM, Actor
from lms.kernel.clock import JST, day_in, to_ms
from lms.kernel.errors import InvalidInputError
from lms.kernel.ids import EditionId, RecordingId
from lms.recordings.models import Recording, Stage
from lms.rights.errors import BadFactsError, RightsRefusedError
from lms.rights.events import EndingTold, RightsEnding, RightsWeekEnded, ViewingEnds
from lms.rights.models import Agreement, ConsentRequest, RightsReminder
from lms.rights.operations.asking import ask_consent, propose_agreement
from lms.rights.policy import require_rights_desk
from lms.rights.queries.deciding import find_known
from lms.rights.queries.expiry import (
    RENEWAL_STEP,
    VIEWERS_STEP,
    Ending,
    EndKind,
    last_day_for_viewers,
    list_endings,
    sent_reminders,
    was_reminded,
)
from lms.rights.rules import Reach, sum_up_terms
from lms.rights.rules.consent import ConsentTerms

log = structlog.get_logger()

OFFICE_HOURS: Final = range(8, 20)
"""Hours in Japan in which reminders go out; the day's first run tells everything."""
WEEK: Final = "week"
_AHEAD: Final = timedelta(days=61)
_YEAR: Final = timedelta(days=365)
_LONGEST: Final = timedelta(days=3 * 366)


def remind_of_endings(at: datetime) -> int:
    """Tell the rights desk and the viewers of what ends soon; return how many reminders.

    Each step is told once, the nearest one only where several were passed (the site was off, or
    an agreement was entered late). Nothing is told of what has ended, was renewed or destroyed.
    """
    endings = [one for one in list_endings(SYSTEM, at, ahead=_AHEAD) if one.step is not None]
    sent = sent_reminders(endings)
    told: list[EndingTold] = []
    viewers: set[str] = set()
    for one in endings:
        step = one.step
        if step is None:
            continue
        if one.recording.stage == Stage.PUBLISHED and one.days_left <= VIEWERS_STEP:
            viewers.add(one.recording.id)
        if (one.subject_id, one.kind.value, step, one.last_on) in sent:
            continue
        _note(one.subject_id, one.kind.value, step, one.last_on, at)
        told.append(
            EndingTold(
                RecordingId(one.recording.id),
                EditionId(one.recording.edition_id),
                one.kind.value,
                one.agreement.holder_name if one.agreement else "",
                one.last_on,
                one.days_left,
                is_asked=one.is_asked,
            )
        )
    if told:
        raise_event(RightsEnding(tuple(told), at))
    return len(told) + sum(_tell_viewers(key, at) for key in sorted(viewers))


def _tell_viewers(recording_id: str, at: datetime) -> bool:
    """Have viewers told, once, that what they may see ends within a week."""
    last_on = last_day_for_viewers(recording_id, at)
    if last_on is None or not 0 <= (last_on - day_in(at)).days <= VIEWERS_STEP:
        return False
    if was_reminded(recording_id, "viewers", VIEWERS_STEP, last_on):
        return False
    recording = db.session.get(Recording, recording_id)
    if recording is None or recording.stage != Stage.PUBLISHED:
        return False
    _note(recording_id, "viewers", VIEWERS_STEP, last_on, at)
    raise_event(
        ViewingEnds(RecordingId(recording_id), EditionId(recording.edition_id), last_on, at)
    )
    return True


def _note(subject_id: str, kind: str, days: int, due_on: date, at: datetime) -> None:
    db.session.add(
        RightsReminder(subject_id=subject_id, kind=kind, days=days, due_on=due_on, sent_at=at)
    )
    db.session.flush()


def due_renewals(at: datetime) -> dict[str, list[Ending]]:
    """Return by rightsholder the agreements to be renewed by asking: one letter for each.

    Only for what is published, once for an end, and not where a renewal is proposed already.
    """
    found: dict[str, list[Ending]] = defaultdict(list)
    endings = list_endings(SYSTEM, at, back=timedelta(), ahead=timedelta(days=RENEWAL_STEP + 1))
    sent = sent_reminders(endings)
    for one in endings:
        if (
            one.kind is EndKind.RIGHTS
            and one.agreement is not None
            and one.holder is not None
            and one.recording.stage == Stage.PUBLISHED
            and 0 <= one.days_left <= RENEWAL_STEP
            and not one.is_asked
            and (one.subject_id, "renewal", RENEWAL_STEP, one.last_on) not in sent
        ):
            found[one.holder.id].append(one)
    return dict(found)


def ask_renewal(actor: Actor, endings: Sequence[Ending], at: datetime) -> ConsentRequest | None:
    """Ask one rightsholder to renew what ends: the same terms, from the day after, as long again.

    Where the terms cannot be asked again as they are the rights desk is left to do it by hand
    (it is told of the end anyway), and None is returned with nothing written but the note.
    Raises NotFoundError for who does not look after the rights.
    """
    for one in endings:
        require_rights_desk(actor, one.recording)
    for one in endings:
        _note(one.subject_id, "renewal", RENEWAL_STEP, one.last_on, at)
    try:
        with db.session.begin_nested():
            return _ask(actor, endings, at)
    except (InvalidInputError, RightsRefusedError, BadFactsError) as error:
        log.warning("renewal_not_asked", error=type(error).__name__)
        return None


def _ask(actor: Actor, endings: Sequence[Ending], at: datetime) -> ConsentRequest:
    proposed = []
    holder_id = ""
    for one in endings:
        agreement = one.agreement
        if agreement is None or one.holder is None:
            raise ValueError("Only an agreement with a rightsholder on file can be renewed.")
        holder_id = one.holder.id
        terms = renewal_terms(agreement, one.last_on)
        proposed.append(
            propose_agreement(
                actor, one.recording.id, holder_id, agreement.kind, terms, at,
                lineage=agreement.lineage, scope=agreement.scope,
            ).id
        )  # fmt: skip
    due_on = min(one.last_on for one in endings)
    return ask_consent(actor, holder_id, proposed, at, kind="renewal", due_on=due_on)


def renewal_terms(agreement: Agreement, last_on: date) -> ConsentTerms:
    """Return the terms of a renewal: those that hold, from the day after, for as long again.

    Raises BadFactsError when what is on file cannot be asked in a form (named persons, more
    than one window).
    """
    given = agreement.answers.get("given") or agreement.answers.get("asked")
    terms = ConsentTerms.from_json(given) if given else _from_grants(agreement)
    first = last_on + timedelta(days=1)
    length = last_on - terms.first_on if terms.first_on is not None else _YEAR
    length = min(max(length, timedelta(days=1)), _LONGEST)
    return replace(terms, record=None, first_on=first, last_on=last_on + length)


def _from_grants(agreement: Agreement) -> ConsentTerms:
    """Read terms back from the grants of an agreement that was entered by hand."""
    known = find_known([agreement.recording_id])[agreement.recording_id].recording
    own = next((one for one in known.agreements if one.id == agreement.id), None)
    if own is None or not own.grants:
        raise BadFactsError("The agreement grants nothing that could be renewed.")
    if any(grant.audience.persons is not None or grant.attended for grant in own.grants):
        raise BadFactsError("The agreement names persons, which a form does not ask.")
    scope = sum_up_terms(own.grants)
    if scope.actions is None:
        raise BadFactsError("The agreement grants all uses, which a form does not ask.")
    starts = min(grant.opens for grant in own.grants)
    signed = agreement.signed_at
    purposes = frozenset.union(*(grant.purposes or frozenset() for grant in own.grants))
    enrolled = {grant.enrolled.course for grant in own.grants if grant.enrolled is not None}
    return ConsentTerms(
        uses=scope.actions,
        reach=scope.reach,
        orgs=frozenset() if scope.reach is Reach.OUTSIDE else scope.orgs,
        course=min(enrolled) if scope.enrolled_only and len(enrolled) == 1 else "",
        purposes=purposes or frozenset({"education"}),
        first_on=day_in(signed) if signed is not None and starts < to_ms(signed) else None,
        territory=scope.territory,
        credit=agreement.attribution,
        watermark="watermark" in scope.obligations,
        stream_only="stream_only" in scope.obligations,
    )


def is_office_hour(at: datetime) -> bool:
    """Whether reminders may go out at this moment."""
    return at.astimezone(JST).hour in OFFICE_HOURS


def end_week(at: datetime) -> bool:
    """Have the digest of the week that ended last Sunday written, once; return whether it was."""
    monday = day_in(at) - timedelta(days=day_in(at).weekday())
    if was_reminded(WEEK, "digest", 0, monday):
        return False
    _note(WEEK, "digest", 0, monday, at)
    until = datetime.combine(monday, datetime.min.time(), JST)
    raise_event(RightsWeekEnded(until - timedelta(days=7), until, at))
    return True
