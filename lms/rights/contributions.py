"""What rights add to the application as a whole: nothing is served that a restore brought back."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, request
from flask_babel import gettext as _

from lms.infra.current import current_settings
from lms.infra.db import db
from lms.infra.retention import add_kept
from lms.infra.web.errors import error_answer
from lms.recordings.operations import add_judge
from lms.rights.operations.journal import FILE, unreplayed
from lms.rights.operations.retaining import KINDS
from lms.rights.queries.adapting import may_make

log = structlog.get_logger()

_AGAIN_SECONDS = 10.0


@dataclass(slots=True)
class _Guard:
    """Whether this process has found the journal replayed; when it looks again if not."""

    fine: bool = False
    look_at: float = 0.0


def register(app: Flask) -> None:
    """Say what is kept for a time, and hold pages back while the journal tells of losses.

    And have whatever is made of a recording judged by what its rightsholders allow.

    Looked at once a process, when it is first asked for something, and where there is no journal
    that costs one look at the disk.
    """
    for kind in KINDS:
        add_kept(kind)
    add_judge(may_make)
    guard = _Guard()
    app.extensions["journal_guard"] = guard
    app.before_request_funcs.setdefault(None, []).insert(0, lambda: _hold_back(guard))


def _hold_back(guard: _Guard) -> Any:
    if guard.fine or request.path.startswith("/static/"):
        return None
    if time.monotonic() >= guard.look_at:
        guard.look_at = time.monotonic() + _AGAIN_SECONDS
        lost = _count_lost(current_settings().journal_dir)
        guard.fine = not lost
        if lost:
            log.error("journal_not_replayed", lines=lost)
    if guard.fine:
        return None
    return error_answer(
        503,
        _("A backup is being restored. Please come back in a few minutes."),
        "journal_not_replayed",
    )


def _count_lost(folder: Path) -> int:
    if not (folder / FILE).exists():
        return 0
    lost = len(unreplayed(folder))
    db.session.rollback()
    return lost
