"""Requirements, outcome, certificates."""
