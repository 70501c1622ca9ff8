"""Prefect: its server, and what a flow run shows there."""
