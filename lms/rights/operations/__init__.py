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
from lms.rights.operations.freezing import log_refusal, rewrite_facts
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
    "PublicationDetails",
    "TermDetails",
    "add_agreement",
    "end_publication",
    "lift_takedown",
    "log_refusal",
    "publish_recording",
    "record_answer",
    "rewrite_facts",
    "take_down",
    "wanted_scope",
    "withdraw_agreement",
]
