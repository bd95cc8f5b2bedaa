"""Networks x targets: the value of the nested-best layer as colour and number, networks sorted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.chapters.comparison.figures import looks
from helpers.names import MODEL, TARGET
from helpers.plotting import facts, panels, style
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

ROW, AROUND = 26, 320  # px: of a network, and of all else; Plotly pushes margins out of a figure whose plot is low
ABOVE = 196  # px above the cells
MANY = 8  # targets, beyond which their names stand upright
SCALE = "Viridis"

text.words(
    "figure.heat",
    en={
        "title": "How well each network predicts each target",
        "trained": "Trained weights",
        "untrained": "Untrained weights",
        "permuted": "Permuted weights",
        "matched": "Trained on as many sounds drawn at random",
        "hover": "{model}<br>{target}: {value}<br>Layer chosen most often: {layer}<br>{about}",
        "baseline_hover": "{model} (baseline)<br>{target}: {value}<br>{about}",
        "alt": (
            "Table of {n} {n:network|networks}{baselines} against {k} {k:target|targets}, {measure} as colour and "
            "number. {facts}"
        ),
        "alt_baselines": " and {m} {m:baseline|baselines}",
        "alt_only": "{target}: {r2}.{rivals}",
        "alt_none": "{target}: no network predicts it.",
        "alt_fact": "{target}: of the trained networks {model} is highest, {r2}.{rivals}",
    },
    es={
        "title": "Qué tan bien predice cada red cada respuesta",
        "trained": "Pesos entrenados",
        "untrained": "Pesos sin entrenar",
        "permuted": "Pesos permutados",
        "matched": "Entrenadas con igual número de sonidos elegidos al azar",
        "hover": "{model}<br>{target}: {value}<br>Capa elegida más veces: {layer}<br>{about}",
        "baseline_hover": "{model} (línea de base)<br>{target}: {value}<br>{about}",
        "alt": (
            "Tabla de {n} {n:red|redes}{baselines} frente a {k} {k:respuesta|respuestas}, con {measure} como color y "
            "número. {facts}"
        ),
        "alt_baselines": " y {m} {m:línea|líneas} de base",
        "alt_only": "{target}: {r2}.{rivals}",
        "alt_none": "{target}: ninguna red lo predice.",
        "alt_fact": "{target}: de las redes entrenadas, el valor más alto es el de {model}, {r2}.{rivals}",
    },
)


def heat(values: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw networks x targets, the highest mean on top, baselines below a gap; a menu changes to the controls.

    values : as `analysis.values`, with `training` and `trained_on`
    """
    networks, baselines = looks.sorted_networks(values), looks.sorted_networks(values, looks.BASELINE)
    targets = panels.targets_of(values)
    roles = [role for role in ("trained", "untrained", "permuted", "matched") if (values["role"] == role).any()]
    rows = [*baselines[::-1], *([""] if baselines else []), *networks[::-1]]  # Plotly counts rows from below
    cells = values.set_index([MODEL, TARGET, "role"])
    highest = float(values["median_r2"].max())

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        names = [looks.in_lines(style.name(labeller, "model", row)) for row in rows if row]
        places = [place for place, row in enumerate(rows) if row]  # without the gap
        columns = [style.name(labeller, "target", target) for target in targets]
        for role in roles:
            found = [[_cell(cells, row, target, role) for target in targets] for row in rows]
            figure.add_heatmap(
                z=np.array([[np.nan if one is None else one.median_r2 for one in line] for line in found]),
                x=columns, y=list(range(len(rows))), coloraxis="coloraxis", xgap=2, ygap=2,
                text=[[_number(one, labeller) for one in line] for line in found], texttemplate="%{text}",
                customdata=[[_hover(one, labeller) for one in line] for line in found],
                hovertemplate="%{customdata}<extra></extra>",
            )  # fmt: skip
        panels.choose(figure, [labeller(f"figure.heat.{role}") for role in roles])
        height = AROUND + ROW * len(rows)
        style.laid_out(figure, labeller, labeller("figure.heat.title"), height, synthetic)
        figure.update_layout(coloraxis={"colorscale": SCALE, "cmin": 0, "cmax": highest}, margin={"t": ABOVE, "r": 24})
        style.lying_bar(figure, looks.measure(values, labeller), dtick=0.4, tickangle=0)
        upright = {"tickangle": -90, "tickfont": {"size": 11}} if len(targets) > MANY else {"tickangle": -30}
        figure.update_xaxes(showgrid=False, dtick=1, **upright)
        return figure.update_yaxes(showgrid=False, tickvals=places, ticktext=names, tickfont={"size": 11})

    return bilingual(build, lambda labeller: _alt(values, labeller), values, language)


def _cell(cells: pd.DataFrame, model: str, target: str, role: str):
    """Return the row of a network and target in a role, that of a baseline in every role; None where there is none."""
    for place in ((model, target, role), (model, target, looks.BASELINE)):
        if place in cells.index:
            return next(cells.loc[[place]].reset_index().itertuples())
    return None


def _number(one, labeller: Labeller) -> str:
    return "" if one is None else labeller.number(one.median_r2)


def _hover(one, labeller: Labeller) -> str:
    if one is None:
        return ""
    words = {"model": style.name(labeller, "model", one.model), "target": style.name(labeller, "target", one.target)}
    words |= {"value": labeller.number(one.median_r2), "about": looks.about(one, labeller)}
    if one.role == looks.BASELINE:
        return labeller("figure.heat.baseline_hover", **words)
    return labeller("figure.heat.hover", layer=labeller.number(one.layer, 0), **words)


def _alt(values: pd.DataFrame, labeller: Labeller) -> str:
    trained, said = values[values["role"] == looks.TRAINED], []
    n, m = trained[MODEL].nunique(), values.loc[values["role"] == looks.BASELINE, MODEL].nunique()
    for target, own in values.groupby(TARGET, sort=False):
        top = own[own["role"] == looks.TRAINED].nlargest(1, "median_r2").iloc[0]
        words = {"target": labeller.name("target", target)}
        if not top["median_r2"] > 0:
            said.append(labeller("figure.heat.alt_none", **words))
            continue
        words |= {"rivals": facts.against(own[own["role"] != looks.TRAINED], float(top["median_r2"]), labeller)}
        words |= {"model": labeller.name("model", top[MODEL]), "r2": float(top["median_r2"])}
        said.append(labeller("figure.heat.alt_only" if n == 1 else "figure.heat.alt_fact", **words))
    words = {"n": n, "k": values[TARGET].nunique(), "measure": panels.measure(values, labeller, inline=True)}
    words |= {"baselines": labeller("figure.heat.alt_baselines", m=m) if m else ""}
    return labeller("figure.heat.alt", facts=" ".join(said), **words)
