"""Verbs that give and certify labels: label, audit."""
