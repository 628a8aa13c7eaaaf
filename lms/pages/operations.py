"""Writes that belong to the whole site."""

from dataclasses import replace
from datetime import datetime

from lms.infra.audit import record_act
from lms.infra.site import SiteSettings, read_site, write_site
from lms.kernel.actor import Actor
from lms.pages.policy import require_site_manager


def change_site(actor: Actor, site: SiteSettings, *, at: datetime) -> None:
    """Set the federation's own settings. Raises NotFoundError for who may not."""
    require_site_manager(actor)
    # How long records are kept is set on a page of its own.
    write_site(replace(site, retention=read_site().retention), at=at)
    record_act(actor, "site.changed", "site", "1", at=at)
