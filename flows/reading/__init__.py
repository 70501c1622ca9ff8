"""How files are read: the same for `aforo init-source` and for a run."""
