"""The gate in front of every key."""

from dataclasses import dataclass
from datetime import datetime

from lms.infra.db import db
from lms.kernel.actor import Actor
from lms.kernel.clock import to_ms
from lms.rights.models import PlaySession
from lms.rights.operations.play_sessions import count_view
from lms.rights.queries import viewer_facts
from lms.rights.rules import Action
from lms.watching.policy import require_own_play
from lms.watching.queries import Viewing, decide_viewing


@dataclass(frozen=True, slots=True)
class Gate:
    """The decision about a play that goes on, at this moment."""

    play: PlaySession
    viewing: Viewing


def decide_play(actor: Actor, play: PlaySession, at: datetime) -> Gate:
    """Decide again about a play session, views counted. Raises NotFoundError for another's."""
    require_own_play(actor, play)
    viewing = decide_viewing(
        viewer_facts(actor, at), play.recording_id, Action.PLAY, at, country=play.country,
        session_started=to_ms(play.started_at),
    )  # fmt: skip
    return Gate(play, viewing)


def begin_view(actor: Actor, play_id: str, at: datetime) -> None:
    """Write down that a play session got its first key. Raises NotFoundError for another's."""
    play = db.session.get(PlaySession, play_id, with_for_update=True, populate_existing=True)
    if play is not None:
        require_own_play(actor, play)
        count_view(play, at)
