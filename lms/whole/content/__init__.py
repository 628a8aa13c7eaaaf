"""Courses as text files: read, check, load (docs/content-format.md)."""
