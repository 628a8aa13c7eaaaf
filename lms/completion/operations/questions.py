"""Deciding what a correction put in question."""

from datetime import datetime

from lms.completion.errors import CompletionRefusedError
from lms.completion.models import RevocationTask
from lms.completion.policy import require_edition_manager
from lms.completion.queries import find_certificate_of
from lms.courses.queries import get_edition
from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.records.models import Achievement
from lms.records.operations import revoke_achievement


def decide_question(actor: Actor, task_id: str, *, revoke: bool, reason: str, at: datetime) -> None:
    """Keep or revoke a completion that a correction put in question; a reason is required.

    Raises NotFoundError, CompletionRefusedError (`already_decided`, `reason_missing`).
    """
    task: RevocationTask | None = lock_row(RevocationTask, task_id)
    achievement = db.session.get(Achievement, task.achievement_id) if task is not None else None
    if task is None or achievement is None:
        raise NotFoundError
    require_edition_manager(actor, get_edition(achievement.edition_id))
    if task.closed_at is not None:
        raise CompletionRefusedError("already_decided")
    if not reason.strip():
        raise CompletionRefusedError("reason_missing")
    task.closed_at, task.closed_by = at, actor.person_id
    task.decision, task.reason = ("revoked" if revoke else "kept"), reason.strip()
    if revoke:
        revoke_completion(actor, achievement, reason.strip(), at=at)
    else:
        record_act(actor, "completion.kept", "achievement", achievement.id, at=at)


def revoke_completion(actor: Actor, achievement: Achievement, reason: str, *, at: datetime) -> None:
    """Revoke a completion and its certificate; the verification page says so from now on.

    Raises CompletionRefusedError (`reason_missing`, `not_earned` when it was revoked before).
    """
    require_edition_manager(actor, get_edition(achievement.edition_id))
    if not reason.strip():
        raise CompletionRefusedError("reason_missing")
    if achievement.revoked_at is not None:
        raise CompletionRefusedError("not_earned")
    revoke_achievement(actor, achievement, reason.strip(), at=at)
    certificate = find_certificate_of(achievement.id)
    if certificate is not None:
        certificate.revoked_at = at
