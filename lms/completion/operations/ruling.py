"""Setting the rule of an edition; confirming by hand."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete

from lms.completion.errors import CompletionRefusedError
from lms.completion.models import Combine, CompletionRule, Confirmation, Requirement
from lms.completion.operations.judging import judge_edition, judge_people
from lms.completion.policy import require_edition_manager
from lms.completion.queries import find_confirmation, find_rule, list_requirements, lock_seats
from lms.completion.rules import (
    Correction,
    EditionRuleDraft,
    RequirementDraft,
    suggested_requirement,
)
from lms.courses.models import Edition
from lms.courses.queries import get_edition, list_parts
from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import EditionId, PersonId
from lms.kernel.wall import shift_moment


def set_rule(actor: Actor, edition_id: EditionId, draft: EditionRuleDraft, *, at: datetime) -> None:
    """Set the rule of an edition and judge everyone anew. What was earned stays.

    Requirements keep their ids (and with them the confirmations) where the draft names them.
    """
    require_edition_manager(actor, get_edition(edition_id))
    record_act(
        actor, "completion.rule_set", "edition", edition_id, at=at,
        combine=draft.combine, requirements=len(draft.requirements),
    )  # fmt: skip
    _write_rule(edition_id, draft, at=at)


def _write_rule(edition_id: EditionId, draft: EditionRuleDraft, *, at: datetime) -> None:
    lock_row(Edition, edition_id)  # two who set the first rule at once do it one after the other
    rule = db.session.get(CompletionRule, edition_id, populate_existing=True)
    if rule is None:
        rule = CompletionRule(edition_id=edition_id)
        db.session.add(rule)
    rule.combine, rule.needed, rule.due_at = draft.combine, draft.needed, draft.due_at
    rule.gives_certificate = draft.gives_certificate
    standing = {one.id: one for one in list_requirements(edition_id)}
    for position, wanted in enumerate(draft.requirements, 1):
        requirement = standing.pop(wanted.id, None) if wanted.id else None
        if requirement is None:
            requirement = Requirement(edition_id=edition_id)
            db.session.add(requirement)
        requirement.position, requirement.part_id = position, wanted.part_id
        requirement.title = dict(wanted.title)
        requirement.routes = [dict(route) for route in wanted.routes]
    for gone in standing.values():
        db.session.execute(delete(Confirmation).where(Confirmation.requirement_id == gone.id))
        db.session.delete(gone)
    db.session.flush()
    judge_edition(edition_id, "rule_changed", at=at)


def clone_rule(
    source_id: EditionId,
    edition_id: EditionId,
    new_ids: Mapping[str, str],
    *,
    shift: timedelta,
    at: datetime,
) -> None:
    """Set the rule of an edition that was run before, with its own parts, sessions and lessons.

    Routes to what did not come along (recordings) fall away, and with its last route a
    requirement; with the last requirement the rule, so that the usual one is set later.
    """
    rule = find_rule(source_id)
    if rule is None:
        return
    requirements = tuple(
        RequirementDraft(
            title=dict(one.title),
            routes=routes,
            part_id=new_ids.get(one.part_id) if one.part_id else None,
        )
        for one in list_requirements(source_id)
        if (routes := tuple(_routes_again(one.routes, new_ids)))
    )
    if not requirements:
        return
    due_at = rule.due_at
    if due_at is not None:
        due_at = shift_moment(due_at, get_edition(source_id).timezone, shift)
    needed = rule.needed and min(rule.needed, len(requirements))
    draft = EditionRuleDraft(rule.combine, requirements, needed, due_at, rule.gives_certificate)
    _write_rule(edition_id, draft, at=at)


def _routes_again(
    routes: Sequence[Mapping[str, Any]], new_ids: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    for route in routes:
        named = [key for key in route if key.endswith("_id")]
        if all(route[key] in new_ids for key in named):
            yield {**route, **{key: new_ids[route[key]] for key in named}}


def ensure_rule(edition_id: EditionId, *, at: datetime) -> bool:
    """Set the usual rule when an edition has none; False when one stands, empty or not.

    So a course that was published without a thought about completion can be completed. Whoever
    wants none saves a rule without requirements.
    """
    parts = list_parts(edition_id)
    if not parts or find_rule(edition_id) is not None:
        return False
    requirements = tuple(suggested_requirement(part.id, part.title) for part in parts)
    _write_rule(edition_id, EditionRuleDraft(Combine.ALL, requirements), at=at)
    return True


def confirm_requirement(
    actor: Actor,
    requirement_id: str,
    person_id: PersonId,
    *,
    confirmed: bool,
    note: str = "",
    at: datetime,
) -> None:
    """Confirm by hand that a person met a requirement, or take the confirmation back.

    Raises NotFoundError, CompletionRefusedError (`not_enrolled`).
    """
    requirement = db.session.get(Requirement, requirement_id)
    if requirement is None:
        raise NotFoundError
    edition_id = EditionId(requirement.edition_id)
    require_edition_manager(actor, get_edition(edition_id))
    if person_id not in lock_seats([person_id], edition_id):
        raise CompletionRefusedError("not_enrolled")
    known = find_confirmation(requirement_id, person_id)
    if confirmed == (known is not None):
        return
    if known is not None:
        db.session.delete(known)
    else:
        db.session.add(
            Confirmation(
                requirement_id=requirement_id,
                person_id=person_id,
                note=note,
                by_id=actor.person_id,
                at=at,
            )
        )
    db.session.flush()
    act = "completion.confirmed" if confirmed else "completion.confirmation_taken_back"
    record_act(actor, act, "requirement", requirement_id, at=at, person=person_id)
    judge_people(
        [person_id],
        edition_id,
        "confirmation_changed",
        at=at,
        correction=Correction(requirement_id=requirement_id),
    )
