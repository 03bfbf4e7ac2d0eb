"""A training run: from settings and samples to a folder with weights, killed and resumed at will."""
