"""Who reads the register and the evidence beside the rights desk: auditors."""

from flask import request

from lms.infra.web.access import RIGHTS_DESK, Access
from lms.kernel.actor import Role

RIGHTS_READERS = Access(
    "rights desk or auditor", lambda actor: RIGHTS_DESK.admits(actor) or actor.has(Role.AUDITOR)
)


def argument(name: str) -> str:
    """Return a text from the address: never NUL, which PostgreSQL refuses, nor endless."""
    return request.args.get(name, "").replace("\0", "").strip()[:200]


def page_number() -> int:
    """Return the page asked for; anything unreadable is the first."""
    text = argument("page")[:9]
    return int(text) if text.isascii() and text.isdigit() else 1
