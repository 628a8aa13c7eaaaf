"""Pages of rights: the desk's and the rightsholders' own."""

from lms.rights.views.blueprint import blueprint
from lms.rights.views.consents import my_consents
from lms.rights.views.desk import recording_rights

__all__ = ["blueprint", "my_consents", "recording_rights"]
