"""Plotly's script as a report holds it."""

from __future__ import annotations

import re

from plotly.offline import get_plotlyjs

HYPHEN = re.compile(r'(\w+\.minus===void 0\?)"-"')  # the sign of d3's numbers where no locale names another; none can


def plotly_script() -> str:
    """Return Plotly's script with a typographic minus in hover texts, as its axes have; it is one literal of it."""
    return HYPHEN.sub(r'\1"\\u2212"', get_plotlyjs())
