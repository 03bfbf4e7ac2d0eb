"""Builds image-quality datasets with labels: distortions, transferred scores, training."""

__version__ = "0.1.0"
