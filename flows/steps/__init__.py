"""What the flow does in each of its steps."""
