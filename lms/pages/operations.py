"""Writes that belong to the whole site."""

from datetime import datetime

from lms.infra.audit import record_act
from lms.infra.site import SiteSettings, write_site
from lms.kernel.actor import Actor
from lms.pages.policy import require_site_manager


def change_site(actor: Actor, site: SiteSettings, *, at: datetime) -> None:
    """Set the federation's own settings. Raises NotFoundError for who may not."""
    require_site_manager(actor)
    write_site(site, at=at)
    record_act(actor, "site.changed", "site", "1", at=at)
