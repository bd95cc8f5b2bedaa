"""Each network beside its own controls: a panel per target, a row per network, baselines as lines through all rows."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.chapters.comparison.figures import looks
from helpers.names import MODEL, TARGET
from helpers.plotting import panels, style
from helpers.plotting.bilingual import bilingual
from helpers.plotting.references import MARKS as CONTROLS
from helpers.text import Labeller

ROW, PANEL = 20, 70  # px: of a network, and around the rows of a panel
HALF = 22  # letters of a line of an axis title: two stand side by side on a phone

text.words(
    "figure.rows",
    en={
        "title": "Each network beside its controls",
        "title_alone": "Each network, target by target",
        "hover": "{model}<br>{measure}: {value} (quartiles {low} – {high})<br>{about}",
        "control_hover": "{model}, {role}<br>{measure}: {value}<br>{n} {n:seed|seeds}: {low} – {high}",
        "line_hover": "{model} (baseline): {value}",
        "alt": (
            "{k} {k:panel|panels}, one per target, with a row for {n:the only network|each of {n} networks}: {measure} "
            "with {roles} weights{lines}. {facts}"
        ),
        "alt_lines": ", and lines for {m} {m:baseline|baselines}",
        "alt_role": {"trained": "trained", "untrained": "untrained", "permuted": "permuted", "matched": "matched"},
        "alt_fact": "{target}: {above} of {n} trained {n:network|networks} {above:is|are} above every baseline.",
    },
    es={
        "title": "Cada red junto a sus controles",
        "title_alone": "Cada red, respuesta por respuesta",
        "hover": "{model}<br>{measure}: {value} (cuartiles {low} – {high})<br>{about}",
        "control_hover": "{model}, {role}<br>{measure}: {value}<br>{n} {n:semilla|semillas}: {low} – {high}",
        "line_hover": "{model} (línea de base): {value}",
        "alt": (
            "{k} {k:panel|paneles}, uno por respuesta, con una fila para {n:la única red|cada una de {n} redes}: "
            "{measure} con pesos {roles}{lines}. {facts}"
        ),
        "alt_lines": ", y líneas para {m} {m:línea|líneas} de base",
        "alt_role": {
            "trained": "entrenados",
            "untrained": "sin entrenar",
            "permuted": "permutados",
            "matched": "entrenados con igual número de sonidos elegidos al azar",
        },
        "alt_fact": (
            "{target}: {above} de {n} {n:red entrenada|redes entrenadas} {above:supera|superan} todas las líneas de "
            "base."
        ),
    },
)


def rows(values: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw trained values with quartiles over splits, controls with the extremes over seeds, baselines as lines.

    values : as `analysis.values`, with `training` and `trained_on`
    """
    networks, targets = looks.sorted_networks(values)[::-1], panels.targets_of(values)
    baselines = looks.sorted_networks(values, looks.BASELINE)
    place = {model: row for row, model in enumerate(networks)}

    def build(labeller: Labeller) -> go.Figure:
        figure = panels.low(targets, PANEL + ROW * len(networks), labeller)
        for panel, target in enumerate(targets):
            own = values[values[TARGET] == target]
            for trace in _traces(own, place, baselines, labeller, panel == 0):
                figure.add_trace(trace, **panels.place(panel))
        height = 174 + panels.n_rows(targets) * (PANEL + ROW * len(networks))
        title = "title" if values["role"].isin(CONTROLS).any() else "title_alone"
        style.laid_out(figure, labeller, labeller(f"figure.rows.{title}"), height, synthetic)
        figure.update_layout(margin={"t": panels.TOP})
        names = [style.name(labeller, "model", model) for model in networks]
        figure.update_yaxes(tickvals=list(place.values()), ticktext=names, range=[-0.7, len(networks) - 0.3])
        figure.update_xaxes(range=[min(0.0, float(values["q25"].min())) - 0.03, 1.0], dtick=0.5)
        for panel in range(len(targets))[-panels.COLUMNS :]:
            what = style.broken(looks.measure(values, labeller), HALF)
            title = {"text": what, "font": {"size": 12}}
            figure.update_xaxes(title=title, showticklabels=True, tickangle=0, **panels.place(panel))
        return figure

    return bilingual(build, lambda labeller: _alt(values, labeller), values, language)


def _traces(own: pd.DataFrame, place: dict, baselines: list[str], labeller: Labeller, first: bool) -> list[go.Scatter]:
    traces = []
    for index, model in enumerate(baselines):
        row = own[(own["role"] == looks.BASELINE) & (own[MODEL] == model)].iloc[0]
        name, value = style.name(labeller, "model", model), float(row["median_r2"])
        hover = labeller("figure.rows.line_hover", model=name, value=value) + "<extra></extra>"
        line = {"color": style.GREY, "dash": style.DASHES[(index + 1) % len(style.DASHES)], "width": 1.5}
        look = {"name": name, "line": line, "hovertemplate": hover, "legendgroup": model, "showlegend": first}
        traces.append(go.Scatter(x=[value] * 2, y=[-0.7, len(place) - 0.3], mode="lines", **look))
    for role, symbol in CONTROLS.items():
        rows_ = own[own["role"] == role]
        if len(rows_):
            marker = {"symbol": symbol, "size": 8, "color": style.GREY, "line": {"width": 1.5, "color": style.GREY}}
            traces.append(_points(rows_, place, labeller, "lowest_seed", "highest_seed", role, marker, first))
    for training in looks.trainings(own[own["role"] == looks.TRAINED]):
        rows_ = own[(own["role"] == looks.TRAINED) & (looks.training_of(own) == training)]
        marker = looks.look(training)["marker"] | {"size": 9}
        traces.append(_points(rows_, place, labeller, "q25", "q75", training, marker, first))
    return traces


def _points(own, place, labeller: Labeller, low: str, high: str, group: str, marker: dict, first: bool) -> go.Scatter:
    """Return the points of one role or training with their spread."""
    x = own["median_r2"].to_numpy()
    control = group in CONTROLS
    name = labeller.name("role", group) if control else labeller.name("training", group)
    spread = {"array": own[high].to_numpy() - x, "arrayminus": x - own[low].to_numpy(), "thickness": 1, "width": 0}
    hover = [_hover(row, labeller, low, high, control) for row in own.itertuples()]
    return go.Scatter(
        x=x, y=[place[model] for model in own[MODEL]], mode="markers", name=style.plain(name), marker=marker,
        error_x={"type": "data", "symmetric": False, "color": marker["color"], **spread}, legendgroup=group,
        customdata=hover, hovertemplate="%{customdata}<extra></extra>", showlegend=first,
    )  # fmt: skip


def _hover(row, labeller: Labeller, low: str, high: str, control: bool) -> str:
    words = {"model": style.name(labeller, "model", row.model), "value": float(row.median_r2)}
    words |= {"low": float(getattr(row, low)), "high": float(getattr(row, high))}
    words |= {"measure": labeller.name("median", row.metric)}
    if control:
        return labeller("figure.rows.control_hover", role=labeller.name("role", row.role), n=int(row.n_seeds), **words)
    return labeller("figure.rows.hover", about=looks.about(row, labeller), **words)


def _alt(values: pd.DataFrame, labeller: Labeller) -> str:
    facts, n_networks = [], len(looks.sorted_networks(values))
    for target, own in values.groupby(TARGET, sort=False):
        highest = own.loc[own["role"] == looks.BASELINE, "median_r2"].max()
        above = int((own.loc[own["role"] == looks.TRAINED, "median_r2"] > highest).sum())
        facts.append(
            labeller("figure.rows.alt_fact", target=labeller.name("target", target), above=above, n=n_networks)
        )
    baselines = looks.sorted_networks(values, looks.BASELINE)
    roles = [role for role in (looks.TRAINED, *CONTROLS) if (values["role"] == role).any()]
    words = {"k": values[TARGET].nunique(), "n": n_networks}
    words |= {"lines": labeller("figure.rows.alt_lines", m=len(baselines)) if baselines else ""}
    words |= {"roles": labeller.listed(labeller(f"figure.rows.alt_role.{role}") for role in roles)}
    what = panels.measure(values, labeller, inline=True)
    return labeller("figure.rows.alt", measure=what, facts=" ".join(facts) if baselines else "", **words)
