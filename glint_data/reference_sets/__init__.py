"""Scored sets: what is known of them, and their reference sets."""
