"""What a training loop is fed with: batches of crops, or of what frozen backbones make of them."""
