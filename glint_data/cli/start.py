"""Verbs for a first look: quickstart, report."""
