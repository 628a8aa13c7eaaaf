"""The audit: append-only, written with the act, sealed into one hash chain afterwards."""

from lms.infra.audit.writing import record_act

__all__ = ["record_act"]
