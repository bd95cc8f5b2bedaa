"""What notebooks/explore.py shows; not a chapter of reports."""
