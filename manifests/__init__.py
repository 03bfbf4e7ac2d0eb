"""What a row means, as data: bundled score tables and descriptions of scored datasets."""
