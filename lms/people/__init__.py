"""Persons, organisations, memberships, roles, sign-in."""
