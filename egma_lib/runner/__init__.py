"""Runs the notebooks in order: what is up to date is skipped, what fails leaves nothing half written."""
