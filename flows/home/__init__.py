"""What a home holds: its lock, records, warehouse, history and releases."""
