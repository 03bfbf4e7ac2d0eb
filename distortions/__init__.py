"""Pixels only: distortions by name, suites by number. Usable without the rest of the project."""
