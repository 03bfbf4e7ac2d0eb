"""The label methods: one file each, registered in `glint_data.labels.method.METHODS`."""

from glint_data.labels.methods import any, content, knn, mean, nearest, pair  # noqa: F401  (they register)
