"""Writes of rights and publication."""

from lms.rights.operations.freezing import log_refusal, rewrite_facts

__all__ = ["log_refusal", "rewrite_facts"]
