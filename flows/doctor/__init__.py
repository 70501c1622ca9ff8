"""What `aforo doctor` looks at: the home and the machine around it. Nothing is changed."""
