"""dbt as a process: how it is called, what it needs from Python, what it says when it fails."""
