"""Scored sets: what is known of them, their reference sets, and one set's scores on another's scale."""
