"""A study's report: run the chapters with papermill, put them into one HTML file."""

from helpers.report.build import report, state

__all__ = ["report", "state"]
