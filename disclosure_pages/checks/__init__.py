"""What is looked at in a draft before it may be submitted."""
