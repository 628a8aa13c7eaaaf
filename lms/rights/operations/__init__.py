"""Writes of rights and publication."""

from lms.rights.operations.agreeing import (
    KINDS,
    STATUSES,
    AgreementDetails,
    TermDetails,
    add_agreement,
    record_answer,
    withdraw_agreement,
)
from lms.rights.operations.asking import (
    ask_consent,
    cancel_request,
    drop_proposal,
    expire_requests,
    note_reminders,
    propose_agreement,
    resend_request,
)
from lms.rights.operations.freezing import log_refusal, rewrite_facts
from lms.rights.operations.overriding import (
    OverrideDetails,
    approve_override,
    end_override,
    refuse_override,
    request_override,
)
from lms.rights.operations.holders import (
    HolderDetails,
    add_rightsholder,
    change_rightsholder,
    find_or_add_rightsholder,
)
from lms.rights.operations.publishing import (
    PublicationDetails,
    end_publication,
    lift_takedown,
    publish_recording,
    take_down,
    wanted_scope,
)

__all__ = [
    "KINDS",
    "STATUSES",
    "AgreementDetails",
    "HolderDetails",
    "OverrideDetails",
    "PublicationDetails",
    "TermDetails",
    "add_agreement",
    "add_rightsholder",
    "approve_override",
    "ask_consent",
    "cancel_request",
    "change_rightsholder",
    "drop_proposal",
    "end_override",
    "end_publication",
    "expire_requests",
    "find_or_add_rightsholder",
    "lift_takedown",
    "log_refusal",
    "note_reminders",
    "propose_agreement",
    "publish_recording",
    "record_answer",
    "refuse_override",
    "request_override",
    "resend_request",
    "rewrite_facts",
    "take_down",
    "wanted_scope",
    "withdraw_agreement",
]
