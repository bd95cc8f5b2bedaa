"""What was compared and what was found: every network for every target, beside baselines and controls, and verdicts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import false_discovery_control, ttest_1samp

from helpers import encoding, stats, text
from helpers.chapters import claims, comparison, question, robustness
from helpers.chapters.claims.verdict import FAILS, HOLDS, UNDECIDED
from helpers.chapters.comparison.leads import LEVEL, MOST_TARGETS, NETWORK
from helpers.encoding.left_out import GROUP
from helpers.models.weights import CONTROLS, MATCHED, TRAINED, UNTRAINED
from helpers.names import METRIC, MODEL, SEED, SPLIT, TARGET
from helpers.stats.intervals import r2_interval
from helpers.stats.references import BASELINE, role_of
from helpers.stats.targets import groups as groups_of
from helpers.study import Study

PLAIN = "r2_pearson"


def compared(study: Study) -> text.Bilingual:
    """Return what was compared: sounds, responses, networks, baselines and controls."""
    states = [one.state for entry in study.parameters.models for one in entry.variants]
    states += [UNTRAINED] * len(study.starting)
    said = [
        question.overview(study),
        text.both("summary.networks", n=len(study.models), names=text.listed(MODEL, study.models)),
    ]
    if here := study.trained_here:
        which = "all" if len(here) == len(study.models) else "some"
        said.append(text.both(f"summary.trained.{which}", n=len(here), names=text.listed(MODEL, here)))
    if study.baselines:
        said.append(text.both("summary.baselines", n=len(study.baselines), names=text.listed(MODEL, study.baselines)))
    if states:
        roles = sorted(dict.fromkeys(states), key=lambda state: state == MATCHED)  # the longest of names comes last
        kinds = {"roles": lambda labeller: labeller.listed(labeller.name("role", state).lower() for state in roles)}
        said.append(text.both("summary.controls", **kinds))
    return text.paragraph(said)


def values(study: Study) -> pd.DataFrame:
    """Return one row per target and network, baseline or control: r2 at the layer chosen on the train sounds.

    Columns target, model, role ("trained", "baseline" or the state of a control), r2 (mean over splits; of many targets
    with regions or groups, of their median), low and high (95 %, for other sounds; NaN for controls, and for sets of
    more than MOST_TARGETS responses), seed (of controls), metric.
    """
    tables = [_of_set(study, study.responses(kind)) for kind in study.brain.responses]
    return pd.concat(tables, ignore_index=True).assign(**{METRIC: PLAIN})


def _of_set(study: Study, measured: xr.DataArray) -> pd.DataFrame:
    score = partial(study.keep, encoding.score, responses=measured, splits=study.splits, **study.encoding)
    few = measured.sizes[TARGET] <= MOST_TARGETS
    rows = _with_intervals(study, measured) if few else []
    if not few:
        rows += [row for one in study.last_checkpoints() for row in _medians(score(features=one), TRAINED)]
    for one in study.references():
        scores = score(features=one)
        if (role := role_of(scores)) != BASELINE or not few:
            rows += _medians(scores, role)
    return pd.DataFrame(rows)


def _with_intervals(study: Study, measured: xr.DataArray) -> list[dict]:
    rows = []
    for (model, role), one in comparison.leads.left_out(study, measured).items():
        for target in one[GROUP].values:
            own = one.sel({GROUP: target}, drop=True)
            low, high = r2_interval(own, study.splits)
            row = {TARGET: str(target), MODEL: model, "role": TRAINED if role == NETWORK else role}
            rows.append(row | {"r2": float(own["chosen_r2"].mean()), "low": low, "high": high})
    return rows


def _medians(scores: xr.Dataset, role: str) -> list[dict]:
    found = stats.nested_best(scores, PLAIN)["value"].transpose(SPLIT, TARGET).values
    named = {MODEL: str(scores[MODEL].values), "role": role, "low": np.nan, "high": np.nan}
    named |= {SEED: int(scores[SEED])} if SEED in scores.coords else {}
    return [
        named | {TARGET: name, "r2": float(np.median(found[:, own], 1).mean())}
        for name, own in groups_of(scores).items()
    ]


def findings(
    values: pd.DataFrame,
    leads: pd.DataFrame,
    learned: pd.DataFrame,
    verdicts: pd.DataFrame | None,
    from_seeds: pd.DataFrame | None = None,
) -> text.Bilingual:
    """Return what was found, in a sentence each: extremes, networks, baselines, controls, claims.

    A target is named where the comparison is beyond chance; of all that a sentence names, LEVEL are expected to be
    there by chance at most (Benjamini & Hochberg 1995).

    leads : as `comparison.leads.leads`; learned : as `comparison.leads.over_controls`; verdicts : as `claims.table`,
    None where the study does not ask for them; from_seeds : as `seeds`, so that a lead of one seed is said to be that
    """
    best = values[values["role"] == TRAINED].sort_values("r2", ascending=False).drop_duplicates(TARGET)
    said = [_extremes(best, values[values["role"] == BASELINE])]
    if len(leads):
        unlearned = _unlearned(learned)
        said += _ahead(leads, NETWORK, _once(leads, from_seeds), unlearned) + _ahead(leads, BASELINE, [], unlearned)
    said += _above_controls(learned, from_seeds, _n_draws(values))
    said += _other_controls(values, best.set_index(TARGET))
    if verdicts is not None:
        said.append(_of_claims(verdicts))
    return text.markdown(said)


def _extremes(best: pd.DataFrame, baselines: pd.DataFrame) -> text.Bilingual:
    first, last = best.iloc[0], best.iloc[-1]
    if not first["r2"] > 0:
        return text.both("summary.nothing")
    words = {
        "target": text.listed(TARGET, [first[TARGET]]),
        "model": text.listed(MODEL, [first[MODEL]]),
        "r2": first["r2"],
    }
    words["interval"] = _interval(first)
    words["baseline"] = _highest(baselines[baselines[TARGET] == first[TARGET]])
    if len(best) == 1:
        return text.both("summary.only", **words)
    words |= {
        "last": text.listed(TARGET, [last[TARGET]]),
        "last_model": text.listed(MODEL, [last[MODEL]]),
        "last_r2": last["r2"],
    }
    words["last_baseline"] = _highest(baselines[baselines[TARGET] == last[TARGET]])
    return text.both("summary.extremes", **words, last_interval=_interval(last))


def _highest(baselines: pd.DataFrame) -> Callable[[text.Labeller], str]:
    if baselines.empty:
        return lambda labeller: ""
    top = baselines.nlargest(1, "r2").iloc[0]
    words = {"r2": float(top["r2"]), "n": len(baselines)}
    return lambda labeller: labeller("summary.highest", **words, name=labeller.name("model", top[MODEL]))


def _interval(row: pd.Series) -> Callable[[text.Labeller], str]:
    if not np.isfinite(row["low"]):
        return lambda labeller: ""
    return lambda labeller: labeller("summary.interval", low=float(row["low"]), high=float(row["high"]))


def _once(leads: pd.DataFrame, from_seeds: pd.DataFrame | None) -> list[str]:
    """Return the targets of which the best network's lead over some rival, seed by seed of training, may be chance.

    By a t test over seeds of the difference, two-sided at LEVEL, since the best was chosen by the first of them; a
    rival that is not trained here is the same for all.
    """
    if from_seeds is None or from_seeds.empty:
        return []
    r2 = _by_seed(from_seeds)
    found = []
    for one in leads[leads["role"] == NETWORK].itertuples():
        best, rival = r2.get((one.target, one.model)), r2.get((one.target, one.rival), one.rival_r2)
        trained = best is not None or (one.target, one.rival) in r2
        if trained and not _p_of_seeds((one.r2 if best is None else best) - rival) <= LEVEL:
            found.append(one.target)
    return list(dict.fromkeys(found))


def _by_seed(from_seeds: pd.DataFrame | None) -> dict[tuple[str, str], pd.Series]:
    """Return r2 (seed,) of every target and network that was trained several times."""
    if from_seeds is None:
        return {}
    return {key: own.set_index(SEED)["r2"] for key, own in from_seeds.groupby([TARGET, MODEL])}


def _p_of_seeds(gaps: pd.Series) -> float:
    """Return the two-sided p of a t test over seeds; 1 where the network is not ahead on average."""
    return float(ttest_1samp(gaps, 0).pvalue) if gaps.mean() > 0 else 1.0


def _unlearned(learned: pd.DataFrame) -> list[str]:
    """Return the targets of which the best network is not ahead of its own controls that did not learn, if it has any.

    Ahead of others it may be because training made them worse.
    """
    own = learned[learned["role"] != MATCHED]
    return own.loc[~is_ahead(own), TARGET].tolist()


def is_ahead(learned: pd.DataFrame) -> pd.Series:
    """Return for each row of `comparison.leads.over_controls` whether the network is ahead beyond chance."""
    return _beyond_chance(learned["p"].where(learned["difference"] > 0, 1.0))


def told_apart(rivals: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return for each target of `comparison.leads.leads` whether the best network is ahead of all rivals beyond chance,
    and whether a rival is ahead of it.
    """
    p, difference = rivals["p_adjusted"], rivals["difference"]
    ahead = _beyond_chance(p.where(difference > 0, 1.0).groupby(rivals[TARGET], sort=False).max())
    behind = _beyond_chance(p.where(difference < 0, 1.0).groupby(rivals[TARGET], sort=False).min())
    return ahead, behind


def _beyond_chance(p: pd.Series) -> pd.Series:
    """Return which of the p of all targets are beyond chance, by Benjamini & Hochberg's rule."""
    return pd.Series(false_discovery_control(p) <= LEVEL, p.index, dtype=bool) if len(p) else p.astype(bool)


def _ahead(leads: pd.DataFrame, role: str, unsteady: list[str], unlearned: list[str]) -> list[text.Bilingual]:
    """Return of which targets the best network is ahead of all rivals of a role, allowing for the choice of sounds, of
    which one of these is ahead of it, and of which neither can be said; and where a lead may be one seed's, or the
    network is not ahead of its own controls.
    """
    rivals = leads[leads["role"] == role]
    if rivals.empty:
        return []
    whole, behind = told_apart(rivals)
    once = [target for target in whole.index[whole] if target in unsteady]
    as_before = [target for target in whole.index[whole] if target in unlearned and target not in once]
    doubtful = whole.index.isin([*once, *as_before])
    whole = whole & ~doubtful
    best = rivals.drop_duplicates(TARGET).set_index(TARGET)[MODEL]
    clear = whole.index[whole].tolist()

    def names(labeller: text.Labeller) -> str:
        return labeller.listed(f"{labeller.name('target', t)} ({labeller.name('model', best[t])})" for t in clear)

    which = "all" if whole.all() else "some" if whole.any() else "none"
    counts = {"n": len(clear), "k": len(whole), "m": rivals["rival"].nunique()}
    said = [text.both(f"summary.{role}.{which}", names=names, **counts)] if clear or not doubtful.any() else []
    if behind.any():
        said.append(text.both(f"summary.{role}.behind", names=text.listed(TARGET, whole.index[behind])))
    if once:
        said.append(text.both(f"summary.{role}.once", names=text.listed(TARGET, once)))
    if as_before:
        said.append(text.both(f"summary.{role}.unlearned", names=text.listed(TARGET, as_before), m=counts["m"]))
    if len(rest := whole.index[~whole & ~behind & ~doubtful]) and (which == "some" or role == BASELINE):
        said.append(text.both(f"summary.{role}.open", rest=text.listed(TARGET, rest)))
    return [text.paragraph(said)]


def _n_draws(values: pd.DataFrame) -> int:
    """Return how many controls trained on other sounds a network has at most; 1 where none has any."""
    draws = values[values["role"] == MATCHED].groupby([TARGET, MODEL]).size()
    return int(draws.max()) if len(draws) else 1


def _above_controls(learned: pd.DataFrame, from_seeds: pd.DataFrame | None, n_draws: int) -> list[text.Bilingual]:
    """Return for which targets the best network is ahead of its own controls of either kind, as far as it has them.

    And of which it may be so with one seed of training alone.
    """
    said, r2 = [], _by_seed(from_seeds)
    for kind, own in learned.groupby(learned["role"] == MATCHED):
        known = own[is_ahead(own)]
        p = {
            one.target: _p_of_seeds(r2[key] - one.control_r2)
            for one in known.itertuples()
            if (key := (one.target, one.model)) in r2
        }
        once = [target for target in p if not p[target] <= LEVEL]
        ahead = [target for target in known[TARGET] if target not in once]
        words = {
            "n": len(ahead),
            "k": len(own),
            "names": text.listed(TARGET, ahead),
            "all": text.listed(TARGET, own[TARGET]),
        }
        words |= {"r2": float(own["r2"].mean()), "control": float(own["control_r2"].mean()), "draws": n_draws}
        sort = "matched" if kind else "without"
        said += [text.both(f"summary.{sort}.compared", **words)]
        if ahead or not once:
            said.append(text.both(f"summary.{sort}.{'ahead' if ahead else 'not_ahead'}", **words))
        said += [_once_said(once, p)] if once else []
        said += [text.both("summary.not_others")] if once and not ahead and len(own) > len(once) else []
    return [text.paragraph(said)] if said else []


def _once_said(once: list[str], p: dict[str, float]) -> text.Bilingual:
    """Return of which targets a lead may be one seed's; of a single one that is ahead on average, with its p."""
    only = p[once[0]] if len(once) == 1 else 1.0
    words = (lambda labeller: labeller("summary.p", p=only)) if only < 1 else ""
    return text.both("summary.once", names=text.listed(TARGET, once), p=words)


def _other_controls(values: pd.DataFrame, best: pd.DataFrame) -> list[text.Bilingual]:
    """Return for which targets a control of a network that is not the best reaches more than the best; none: nothing.

    A best network that learned from more sounds may not need their diversity.
    """
    controls = values[values["role"].isin(CONTROLS)]
    others = controls[controls[MODEL] != controls[TARGET].map(best[MODEL])]
    above = others[others["r2"].round(2) > others[TARGET].map(best["r2"]).round(2)]
    top = above.sort_values("r2", ascending=False).drop_duplicates(TARGET).set_index(TARGET)
    targets = [target for target in dict.fromkeys(values[TARGET]) if target in top.index]
    if not targets:
        return []

    def names(labeller: text.Labeller) -> str:
        return labeller.listed(
            labeller(
                "summary.other",
                target=labeller.name("target", target),
                model=labeller.name("model", top.loc[target, MODEL]),
                role=labeller.name("role", top.loc[target, "role"]).lower(),
                r2=float(top.loc[target, "r2"]),
            )
            for target in targets
        )

    return [text.both("summary.others", names=names)]


def _of_claims(verdicts: pd.DataFrame) -> text.Bilingual:
    """Return how many claims there are, how many can be tested here, and which of those hold, do not, or are open."""
    counts = {name: verdicts.loc[verdicts["verdict"] == name, "claim"].tolist() for name in (HOLDS, FAILS, UNDECIDED)}
    sides = verdicts[["value", "untrained"]].sub(verdicts["threshold"], axis=0)
    elsewhere = verdicts.set_index("claim")["other_side"]
    same = (sides["value"] * sides["untrained"]).set_axis(verdicts["claim"])  # below 0 where training changed sides

    def named(names: list[str]) -> Callable[[text.Labeller], str]:
        def words(labeller: text.Labeller, name: str) -> str:
            known = "untrained" if same[name] > 0 else "otherwise" if same[name] < 0 else ""
            beside = [labeller(f"summary.claims.{known}")] if known else []
            if other := elsewhere.get(name):
                beside.append(labeller("summary.claims.elsewhere", names=claims.named(other)(labeller)))
            return labeller(f"claim.{name}").rstrip(".") + (f" ({'; '.join(beside)})" if beside else "")

        return lambda labeller: "; ".join(words(labeller, name) for name in names)

    said = [text.both("summary.claims.tested", n=len(verdicts), tested=sum(map(len, counts.values())))]
    said += [text.both(f"summary.claims.{name}", n=len(own), names=named(own)) for name, own in counts.items() if own]
    if not any(claims.CLAIMS[name].hypothesis for name in counts[HOLDS] + counts[FAILS]):
        said.append(text.both("summary.claims.no_hypothesis"))
    said += claims.about(verdicts)
    return text.paragraph(said)


def verdicts(study: Study) -> pd.DataFrame | None:
    """Return the table of claims, of studies that have the chapter on them; else None."""
    return claims.table(study) if claims.CHAPTER.name in study.parameters.chapters else None


def seeds(study: Study) -> pd.DataFrame:
    """Return `robustness.seeds.values`, of studies that have the chapter on other seeds of training; else no rows."""
    if robustness.CHAPTER.name not in study.parameters.chapters or study.parameters.training_seeds == 1:
        return pd.DataFrame(columns=[SEED, MODEL, TARGET, "r2"])
    return robustness.seeds.values(study, robustness.responses(study))


def cautions(study: Study, from_seeds: pd.DataFrame) -> text.Bilingual:
    """Return what is uncertain whatever the numbers say: few sounds, synthetic data, networks trained here, seeds."""
    said = [text.both("summary.few_sounds")]
    if study.trained_here:
        judged = study.parameters.unheard and claims.CHAPTER.name in study.parameters.chapters
        said.append(text.both("summary.trained_here", unheard=int(judged)))
    said += [] if from_seeds.empty else [robustness.seeds.sentences(from_seeds, robustness.seeds.verdicts(study))]
    said += [text.both("summary.synthetic")] if study.brain.synthetic else []
    return text.markdown(said)
