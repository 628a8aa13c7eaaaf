"""Agreements, consent, publication and the decision about who may see what."""
