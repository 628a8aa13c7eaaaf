"""Words of retention."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l

KINDS: Final[Mapping[str, Any]] = {
    "refusals": _l("Refusals, for the weekly digest and the numbers"),
    "plays": _l("Play sessions: who played what from when to when, and from which country"),
    "watch_sessions": _l("Numbers of the reports within a play session"),
    "shelf_lists": _l("Lists for the shelf that were sent and never entered"),
    "walk_ins": _l("Names noted at the front desk of people who are not known here"),
    "requests": _l("Letters to rightsholders that nobody answered"),
    "request_contacts": _l("Contacts of requests for study meetings that are decided"),
}
