"""What a network is worth: scores of images, agreement with labels, tables of several runs."""
