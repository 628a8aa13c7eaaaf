"""Asking for a study meeting, talking about it, and deciding."""

from lms.requests.operations.answering import (
    Acceptance,
    accept_request,
    begin_talks,
    decline_request,
)
from lms.requests.operations.asking import (
    change_request,
    submit_request,
    withdraw_request,
    write_message,
)
from lms.requests.operations.checking import RequestPlan

__all__ = [
    "Acceptance",
    "RequestPlan",
    "accept_request",
    "begin_talks",
    "change_request",
    "decline_request",
    "submit_request",
    "withdraw_request",
    "write_message",
]
