"""Pages of rights: the desk's and the rightsholders' own."""

from lms.rights.views.blueprint import blueprint
from lms.rights.views.closing import close
from lms.rights.views.consents import my_consents
from lms.rights.views.desk import recording_rights
from lms.rights.views.evidence import evidence
from lms.rights.views.register import register

__all__ = ["blueprint", "close", "evidence", "my_consents", "recording_rights", "register"]
