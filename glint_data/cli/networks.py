"""Verbs around the quality networks: train, evaluate, score."""
