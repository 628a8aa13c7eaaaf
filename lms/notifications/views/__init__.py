"""Pages of mail and audit: the outbox, the auditor's desk, the demo's mailbox."""

from lms.notifications.views import audit, mailbox, outbox, told
from lms.notifications.views.blueprint import blueprint

__all__ = ["audit", "blueprint", "mailbox", "outbox", "told"]
