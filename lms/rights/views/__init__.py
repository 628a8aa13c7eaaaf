"""Pages of rights: the desk's and the rightsholders' own."""

from lms.rights.views.asking import ask
from lms.rights.views.backlog import backlog
from lms.rights.views.blueprint import blueprint
from lms.rights.views.channels import channels, cue_sheet
from lms.rights.views.clearing import clearing
from lms.rights.views.closing import close
from lms.rights.views.consent_link import consent
from lms.rights.views.consents import my_consents
from lms.rights.views.desk import recording_rights
from lms.rights.views.elsewhere import removed_elsewhere
from lms.rights.views.evidence import evidence
from lms.rights.views.expiry import expiry
from lms.rights.views.holders import holders
from lms.rights.views.overrides import ask_override
from lms.rights.views.proposals import approve_proposal
from lms.rights.views.register import register
from lms.rights.views.retention import retention
from lms.rights.views.segments import segments
from lms.rights.views.session_recording import session_recording
from lms.rights.views.takedowns import receipt_of_takedown

__all__ = [
    "approve_proposal",
    "ask",
    "ask_override",
    "backlog",
    "blueprint",
    "channels",
    "clearing",
    "close",
    "consent",
    "cue_sheet",
    "evidence",
    "expiry",
    "holders",
    "my_consents",
    "receipt_of_takedown",
    "recording_rights",
    "register",
    "removed_elsewhere",
    "retention",
    "segments",
    "session_recording",
]
