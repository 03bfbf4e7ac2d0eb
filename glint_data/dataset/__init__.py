"""A dataset's folder: its table of samples, its record, the pixels behind its rows, and whether it is sound."""
