"""The label stage: from a dataset's manifest to the labels in it."""
