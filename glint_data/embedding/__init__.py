"""Images to vectors, and vectors to the nearest references."""
