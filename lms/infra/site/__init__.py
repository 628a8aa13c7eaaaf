"""The federation's own settings: name, look, certificate issuer, words for levels, year."""

from lms.infra.site.settings import SiteSettings, read_site, write_site

__all__ = ["SiteSettings", "read_site", "write_site"]
