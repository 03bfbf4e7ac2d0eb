"""What a verb and the functions below it take where nobody chose: each stands here and nowhere else."""

SUITE = "kadid10k"
FORMAT = "png"
REFERENCE = "kadid"
RATED_SAMPLES = 30
"""Samples on a rating page."""
CROPS = 12
"""Crops an image is judged by."""
CHECKPOINT_SECONDS = 300.0
