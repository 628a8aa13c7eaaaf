"""Programmes, editions, parts and lessons."""
