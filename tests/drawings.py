"""Figures as a reader of either language sees them."""

import plotly.graph_objects as go


def in_language(figure: go.Figure, language: str) -> go.Figure:
    """The figure after the switch of the report has put in the words of `language`."""
    content = figure.to_plotly_json()
    for path, value in figure.layout.meta["words"][language]:
        node = content
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = value
    return go.Figure(content)
