"""The report that people look at: one HTML file, made from the published marts alone, opened from disk."""
