"""Makers' scripts: how files that ship were made. Not installed; run from a clone."""
