"""The figure that carries the message, and the claims at a glance."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.names import MODEL, TARGET
from helpers.plotting import panels, references, style
from helpers.plotting.bilingual import bilingual
from helpers.plotting.references import BASELINE
from helpers.plotting.references import MARKS as CONTROLS
from helpers.text import Labeller

TRAINED = "trained"  # the role of a network itself
HOLDS, FAILS, UNDECIDED, UNTESTABLE = "holds", "fails", "undecided", "untestable"  # verdicts
BELOW, WITHIN = "below", "within"  # what a claim says of its threshold; else its number is above
AROUND, MARK, GAP = 130, 9, 24  # px: around the rows, of a network within a target's row, between rows
NAME = 30  # characters of a line below a plot that shares a phone's width with the names of its rows
MOST, LEAST = 60, 22  # px of a target's row

text.words(
    "figure.found",
    en={
        "title": "How well every network predicts every target",
        "x": "Mean test r², not corrected for noise",
        "control": "Controls: {role}",
        "hover": "{model}, {target}<br>r²: {r2}{interval}",
        "interval": "<br>95 % interval: {low} – {high}",
        "alt": (
            "A row for each of {k} {k:target|targets}: test r² of {n} {n:network|networks} with 95 % intervals, beside "
            "the highest baseline and their own controls, if any. {facts}"
        ),
        "alt_fact": "{target}: {model}, {r2}.",
    },
    es={
        "title": "Qué tan bien predice cada red cada respuesta",
        "x": "Media de r² en el conjunto de prueba, sin corregir por ruido",
        "control": "Controles: {role}",
        "hover": "{model}, {target}<br>r²: {r2}{interval}",
        "interval": "<br>Intervalo del 95 %: {low} – {high}",
        "alt": (
            "Una fila por cada una de {k} {k:respuesta|respuestas}: r² en el conjunto de prueba de {n} {n:red|redes}, "
            "con intervalos del 95 %, junto a la línea de base más alta y a sus propios controles, si los hay. {facts}"
        ),
        "alt_fact": "{target}: {model}, {r2}.",
    },
)


def found(values: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw r2 of every network with its interval, a row per target, beside the highest baseline and its own controls.

    values: target, model, role, r2, low, high, metric, as `analysis.values`.
    """
    targets = panels.targets_of(values)
    networks = panels.models_of(values[values["role"] == TRAINED])
    row = float(np.clip(MARK * len(networks), LEAST, MOST if len(targets) <= 8 else LEAST))
    place = {target: -at for at, target in enumerate(targets)}
    line = {model: (0.5 - (at + 0.5) / len(networks)) * row / (row + GAP) for at, model in enumerate(networks)}
    on = {(target, model): place[target] + line[model] for target in targets for model in networks}
    rivals = values[values["role"] != TRAINED].sort_values("r2", ascending=False)
    baselines = rivals[rivals["role"] == BASELINE].drop_duplicates(TARGET)
    controls = rivals[rivals["role"] != BASELINE].drop_duplicates([TARGET, "role", MODEL])

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        if len(baselines):
            at, hover = [place[one] for one in baselines[TARGET]], _hover(baselines, labeller)
            figure.add_trace(references.highest(baselines["r2"].to_numpy(), at, row + GAP / 2, hover, labeller))
        for _, own in sorted(controls.groupby("role"), key=lambda found: list(CONTROLS).index(found[0])):
            figure.add_trace(_controls(own, [on[one.target, one.model] for one in own.itertuples()], labeller))
        for index, model in enumerate(networks):
            own = values[(values[MODEL] == model) & (values["role"] == TRAINED)]
            figure.add_trace(_network(own, model, index, [on[target, model] for target in own[TARGET]], labeller))
        height = round(AROUND + (row + GAP) * len(targets) + 12 * len(networks))
        style.laid_out(figure, labeller, labeller("figure.found.title"), height, synthetic)
        names = [style.name(labeller, "target", target) for target in targets]
        ends = [0.55 - len(targets), 0.5]
        figure.update_yaxes(tickvals=list(place.values()), ticktext=names, range=ends, showgrid=False)
        for at in list(place.values())[:-1]:
            figure.add_hline(y=at - 0.5, line={"color": style.GRID, "width": 1})
        lowest = float(np.nanmin(values[["r2", "low"]].to_numpy()))
        highest = float(np.nanmax(values[["r2", "high"]].to_numpy()))
        named = {"text": "<br>".join(textwrap.wrap(labeller("figure.found.x"), NAME)), "font": {"size": 12}}
        return figure.update_xaxes(title=named, range=[min(0.0, lowest) - 0.02, min(1.02, highest + 0.05)])

    return bilingual(build, lambda labeller: _alt(values, labeller), values, language)


def _hover(rows: pd.DataFrame, labeller: Labeller) -> list[str]:
    said = []
    for one in rows.itertuples():
        words = {"model": style.name(labeller, "model", one.model), "r2": float(one.r2)}
        words |= {"target": style.name(labeller, "target", one.target)}
        if one.role in CONTROLS:
            words["model"] += f" ({labeller.name('role', one.role).lower()})"
        known = np.isfinite(one.low)
        ends = labeller("figure.found.interval", low=float(one.low), high=float(one.high)) if known else ""
        said.append(labeller("figure.found.hover", interval=ends, **words))
    return said


def _network(own: pd.DataFrame, model: str, index: int, at: list[float], labeller: Labeller) -> go.Scatter:
    look, r2 = style.of_model(index)["marker"], own["r2"].to_numpy()
    spread = {"array": own["high"].to_numpy() - r2, "arrayminus": r2 - own["low"].to_numpy()}
    return go.Scatter(
        x=r2, y=at, mode="markers", name=style.name(labeller, "model", model),
        marker=look | {"size": 8}, error_x=spread | {"symmetric": False, "thickness": 1.5, "width": 0},
        customdata=_hover(own, labeller), hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip


def _controls(own: pd.DataFrame, at: list[float], labeller: Labeller) -> go.Scatter:
    """Return grey marks of one kind of controls, as their chapter draws them."""
    role = own["role"].iloc[0]
    return go.Scatter(
        x=own["r2"].to_numpy(), y=at, mode="markers",
        name=labeller("figure.found.control", role=labeller.name("role", role)),
        marker={"symbol": CONTROLS[role], "size": 8, "color": style.GREY, "line": {"color": style.GREY, "width": 2}},
        customdata=_hover(own, labeller), hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip


def _alt(values: pd.DataFrame, labeller: Labeller) -> str:
    best = values[values["role"] == TRAINED].sort_values("r2", ascending=False, kind="stable").drop_duplicates(TARGET)
    best = best.set_index(TARGET).loc[panels.targets_of(values)].reset_index()
    facts = [
        labeller(
            "figure.found.alt_fact", target=labeller.name("target", one.target), r2=float(one.r2),
            model=labeller.name("model", one.model),
        )
        for one in best.itertuples()
    ]  # fmt: skip
    n = values.loc[values["role"] == TRAINED, MODEL].nunique()
    return labeller("figure.found.alt", k=len(best), n=n, facts=" ".join(facts))


text.words(
    "figure.forest",
    en={
        "title": "The claims of the original study at a glance",
        "x": "Distance from the threshold, in the direction that is claimed",
        "against": "◀ against the claim",
        "for": "for the claim ▶",
        "hover": "{claim}<br>{value} (threshold {threshold}){interval}<br>{verdict}: {why}",
        "interval": "<br>95 % interval: {low} – {high}",
        "alt": (
            "A row for each of {n} {n:claim|claims} that this study has a number for: how far it lies from its "
            "threshold, with its 95 % interval; {holds} {holds:holds|hold}, {fails} {fails:does|do} not, {open} "
            "{open:is|are} undecided, {untestable} cannot be tested."
        ),
    },
    es={
        "title": "Las afirmaciones del estudio original de un vistazo",
        "x": "Distancia al umbral, en el sentido de la afirmación",
        "against": "◀ en contra",
        "for": "a favor ▶",
        "hover": "{claim}<br>{value} (umbral {threshold}){interval}<br>{verdict}: {why}",
        "interval": "<br>Intervalo del 95 %: {low} – {high}",
        "alt": (
            "Una fila por cada {n:afirmación de la que|una de {n} afirmaciones de las que} hay un número: a qué "
            "distancia está de su umbral, con su intervalo del 95 %; {holds} {holds:se confirma|se confirman}, {fails} "
            "{fails:queda refutada|quedan refutadas}, {open} {open:queda|quedan} sin decidir, "
            "{untestable} no se {untestable:puede|pueden} evaluar."
        ),
    },
)
LOOKS = {
    HOLDS: {"color": style.COLOURS[0], "symbol": "circle"},
    FAILS: {"color": style.COLOURS[1], "symbol": "x"},
    UNDECIDED: {"color": style.GREY, "symbol": "circle-open"},
    UNTESTABLE: {"color": style.GREY, "symbol": "diamond-open"},
}
INTERVAL = 1.75  # lines of a claim's words that its interval takes, below them on a phone, beside them on a desktop
LINE = {"narrow": 15, "wide": 12}  # px
LETTERS = 46  # of such a line, which a phone's width holds
COLUMNS = ["claim", "verdict", "value", "low", "high", "threshold", "distance"]  # of its table
BESIDE = 0.44  # of the width, for words beside intervals


def forest(verdicts: pd.DataFrame | None, *, synthetic: bool, language: str = "en") -> go.Figure | None:
    """Draw how far each claim's number lies from its threshold, with its interval and its verdict.

    verdicts: as `claims.table`. None where no claim with a number can be judged.
    """
    if verdicts is None or not (verdicts["value"].notna() & (verdicts["verdict"] != UNTESTABLE)).any():
        return None
    shown = _towards(verdicts[verdicts["value"].notna()])
    lines = _lines(shown["claim"])
    heights = lines + INTERVAL
    shown["place"] = heights[0] - np.cumsum(heights)  # in lines, from the first claim down

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        words = [textwrap.wrap(labeller(f"claim.{claim}"), LETTERS) for claim in shown["claim"]]
        for verdict in LOOKS:
            own = shown[shown["verdict"] == verdict]
            if len(own):
                figure.add_trace(_points(own, verdict, labeller))
        for at, wrapped in zip(shown["place"], words, strict=True):
            figure.add_annotation(
                text="<br>".join(map(style.plain, wrapped)), x=0, xref="paper", xanchor="left", y=at, yanchor="bottom",
                yshift=6, showarrow=False, align="left",
            )  # fmt: skip
        figure.add_vline(x=0, line={"color": style.GREY, "dash": "dash", "width": 1})
        sizes = {width: round(150 + line * heights.sum()) for width, line in LINE.items()}
        style.laid_out(figure, labeller, labeller("figure.forest.title"), sizes["narrow"], synthetic)
        figure.update_annotations(font_size=12)
        for side, key, anchor in ((-6, "against", "right"), (6, "for", "left")):
            figure.add_annotation(
                text=labeller(f"figure.forest.{key}"), x=0, xshift=side, xanchor=anchor, y=1, yref="paper",
                yanchor="bottom", showarrow=False, font={"size": 12, "color": style.GREY},
            )  # fmt: skip
        figure.update_yaxes(range=[heights[0] - heights.sum() - 1, heights[0] - 0.5], visible=False)
        figure.update_xaxes(title_text=style.broken(labeller("figure.forest.x")))
        figure.update_layout(margin={"l": 12})
        return figure.update_layout(meta={"sizes": _sizes(lines, **sizes)})

    return bilingual(build, lambda labeller: _forest_alt(shown, labeller), shown[COLUMNS], language)


def _sizes(lines: np.ndarray, narrow: int, wide: int) -> dict[str, list]:
    """Return what depends on the width of the page: each claim's words, of so many lines, stand above or beside.

    Beside its interval, each stands in the middle of its own row.
    """
    sizes = {}
    above, beside = np.full(len(lines), 6), (lines - INTERVAL) * LINE["wide"] / 2
    ways = (("narrow", narrow, 0, "bottom", above), ("wide", wide, BESIDE, "middle", beside))
    for width, height, left, anchor, shifts in ways:
        sizes[width] = [[["layout", "height"], height], [["layout", "xaxis", "domain"], [left, 1]]]
        for at, shift in enumerate(shifts.tolist()):
            place = ["layout", "annotations", at]
            sizes[width] += [[[*place, "yanchor"], anchor], [[*place, "yshift"], shift]]
    return sizes


def _lines(claims: pd.Series) -> np.ndarray:
    """Return how many lines each claim takes at most in any language: rows are as high in all."""
    return np.array(
        [
            max(len(textwrap.wrap(say(f"claim.{claim}"), LETTERS)) for say in text.labellers().values())
            for claim in claims
        ]
    )


def _towards(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Return claims with `distance`, `near` and `far`: value and interval as distances in the claim's direction."""
    value, low, high, threshold = (verdicts[name].to_numpy(float) for name in ("value", "low", "high", "threshold"))
    below, within = ((verdicts["side"] == side).to_numpy() for side in (BELOW, WITHIN))
    sign = np.where(below, -1.0, 1.0)
    ends = np.sort(np.stack([sign * (low - threshold), sign * (high - threshold)]), axis=0)
    crossing = (low < 0) & (high > 0)
    inner = np.where(crossing, 0.0, np.minimum(np.abs(low), np.abs(high)))
    outer = np.maximum(np.abs(low), np.abs(high))
    return verdicts.assign(
        distance=np.where(within, threshold - np.abs(value), sign * (value - threshold)),
        near=np.where(within, threshold - outer, ends[0]),
        far=np.where(within, threshold - inner, ends[1]),
    ).reset_index(drop=True)


def _points(own: pd.DataFrame, verdict: str, labeller: Labeller) -> go.Scatter:
    distance = own["distance"].to_numpy()
    spread = {"array": own["far"].to_numpy() - distance, "arrayminus": distance - own["near"].to_numpy()}
    hover = []
    for one in own.itertuples():
        words = {"claim": "<br>".join(textwrap.wrap(labeller(f"claim.{one.claim}"), LETTERS))}
        words |= {"value": float(one.value), "threshold": float(one.threshold)}
        known = np.isfinite(one.low)
        ends = labeller("figure.forest.interval", low=float(one.low), high=float(one.high)) if known else ""
        words |= {"verdict": labeller(f"verdict.{verdict}"), "why": labeller(f"why.{one.why}")}
        hover.append(labeller("figure.forest.hover", interval=ends, **words))
    return go.Scatter(
        x=distance, y=own["place"].to_numpy(), mode="markers", name=labeller(f"verdict.{verdict}"),
        marker=LOOKS[verdict] | {"size": 10}, error_x=spread | {"symmetric": False, "thickness": 1.5, "width": 4},
        customdata=hover, hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip


def _forest_alt(shown: pd.DataFrame, labeller: Labeller) -> str:
    counts = {name: int((shown["verdict"] == name).sum()) for name in LOOKS}
    return labeller(
        "figure.forest.alt",
        n=len(shown),
        holds=counts[HOLDS],
        fails=counts[FAILS],
        open=counts[UNDECIDED],
        untestable=counts[UNTESTABLE],
    )
