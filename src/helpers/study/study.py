"""The opened study of a notebook: data, networks, activations and settings, and results kept on disk."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import pandas as pd
import xarray as xr
from pydantic import Field

from helpers import brain, models, text
from helpers.brain.base import some
from helpers.encoding import splits
from helpers.encoding.splits import TRAIN, rows
from helpers.errors import DamagedCheckpoint, UserError
from helpers.models import AudioModel, Checkpoint, hear
from helpers.names import CATEGORY, MODEL, SEED, SOUND, SPLIT, STATE, STEP, TIME
from helpers.stimuli import sounds
from helpers.store import files, results
from helpers.store.checkout import ROOT
from helpers.store.progress import progress
from helpers.store.settings import Settings, validated
from helpers.study.params import Parameters, load

BASELINES, CONTROLS = "baselines", "controls"  # what is drawn beside networks
HALVES = "halves"  # the scheme of splits for networks that never heard what they are tested on
SEEDS = 2**32  # that generators take
SHARED = "_baselines"  # in the folder for everything computed; no study can have this name


class Choice(Settings):
    """A study and the parts of it to look at, as the one parameter of a notebook may say."""

    study: str
    models: list[str] = Field([])  # empty: all
    checkpoints: list[int] = Field([])  # training steps; empty: all
    outputs: str = "outputs"  # the folder for everything computed


def open_study(study: str | Path | dict) -> Study:
    """Return a study by its name in params/ or its YAML file; `{"study": ..., "models": [...]}` opens parts of it.

    Raises UserError for an invalid study.
    """
    choice = validated(Choice, study if isinstance(study, dict) else {"study": str(study)}, "study")
    parameters = load(choice.study).only(choice.models)
    return Study(parameters, choice.outputs, choice.study, choice.checkpoints)


class Study:
    """An opened study; nothing is computed until it is asked for."""

    def __init__(
        self,
        parameters: Parameters,
        outputs: str | Path = "outputs",
        source: str = "",
        checkpoints: Sequence[int] = (),
        again: int = 0,
        half: int = 0,
    ):
        self.parameters, self.outputs = parameters, outputs
        self.again = again  # networks that are trained here are those of the seed that comes so many after the study's
        self.half = half  # 1 or 2: they are trained on that half of the sounds, and tested on the other; 0: on all
        self.source = source or parameters.name  # what to load it from again
        self.checkpoints = tuple(checkpoints)  # the training steps to look at; empty: all
        self.folder = ROOT / outputs / parameters.name
        self.left_out: dict[str, list[str]] = {}  # checkpoints that could not be used, by model
        self._models: dict[tuple, AudioModel] = {}
        self._usable: set[tuple[str, int]] = set()

    def check(self, weights: bool = True) -> None:
        """Raise UserError for every error that can be found before anything is computed.

        With `weights`, also for a network none of whose checkpoints is available.
        """
        for entry in (*self.parameters.models, *self.parameters.baselines):
            models.check(entry)
        for device in (self.parameters.device, self.parameters.extraction.device):
            models.device_of(device)
        _ = self.brain
        _ = self.splits
        for key, names in self._noticed.items():
            print(text.labellers()["en"](f"remark.{key}", names=some(names)), file=sys.stderr)
        for name in self.models:
            self.steps(name)
            self.model(name).check_sounds()
        for model in self.beside():
            model.check_sounds()
        if self.parameters.unheard:
            self._check_halves()
        for name in self.models if weights else ():
            sources = self._sources(name)
            if all(isinstance(source, str) for source in sources):
                raise UserError(f"model '{name}': {'; '.join(sources)}")

    def _check_halves(self) -> None:
        if not self.trained_here:
            raise UserError("unheard: no network of this study is trained on its sounds; remove `unheard`")
        for half in self.halves():
            for name in half.trained_here:
                half.model(name).check_sounds()

    # Data

    @cached_property
    def brain(self) -> brain.Brain:
        """The dataset: sounds, responses, where they come from."""
        keep = self.keep if self.folder.exists() else None  # a study that turns out to be invalid leaves nothing behind
        return brain.open(self.parameters.dataset, self.parameters.data_dir, self.parameters.seed, keep)

    def responses(self, kind: str) -> xr.DataArray:
        """Return a set of responses (sound, target[, repetition]) by name, such as "components" or "voxels".

        Responses in time are averaged over the study's window. Raises UserError for a set that the dataset does not
        have, and for a window that it has no times in.
        """
        if kind not in self.brain.responses:
            known = ", ".join(self.brain.responses)
            raise UserError(f"dataset '{self.parameters.dataset}' has no {kind}; it has: {known}")
        responses = self.brain.responses[kind].rename(kind)
        return self._averaged(responses) if TIME in responses.dims else responses

    def _averaged(self, responses: xr.DataArray) -> xr.DataArray:
        """Return responses averaged over the times of the study's window: its beginning included, its end not."""
        first, last = self.parameters.window
        times = responses[TIME].values
        inside = (times >= first - 1e-9) & (times < last - 1e-9)
        if not inside.any():
            raise UserError(
                f"window: found {first:g} to {last:g} s, but {responses.name} have times from {times.min():g} to "
                f"{times.max():g} s; correct `window`"
            )
        return responses.isel({TIME: inside}).mean(TIME)

    def has(self, kind: str) -> bool:
        """Return whether the dataset has a set of responses of that name."""
        return kind in self.brain.responses

    @cached_property
    def splits(self) -> xr.DataArray:
        """The study's splits (split, sound) of "train", "test" and "unused"; of a half, the one that it trains in."""
        if self.half:
            return self.split(HALVES).sel({SPLIT: [self.half]})
        return self.split(self.parameters.encoding.splits or splits.planned(self.brain.waveforms.sizes[SOUND]))

    def split(self, scheme: str) -> xr.DataArray:
        """Return the splits (split, sound) of another scheme of `encoding.SCHEMES`."""
        waveforms = self.brain.waveforms
        groups = waveforms["group"].values.tolist() if "group" in waveforms.coords else None
        names, categories = waveforms[SOUND].values.tolist(), waveforms[CATEGORY].values.tolist()
        return splits.make(scheme, names, categories, groups, self.parameters.seed)

    # Networks

    @property
    def models(self) -> list[str]:
        """The names of the study's networks."""
        return [entry.name for entry in self.parameters.models]

    @property
    def baselines(self) -> list[str]:
        """The names of the study's baselines."""
        return [entry.name for entry in self.parameters.baselines]

    def model(self, name: str) -> AudioModel:
        """Return an opened network or baseline; raises UserError for a name that the study does not have."""
        return self._opened(self._entry(name))

    def _entry(self, name: str) -> models.ModelEntry:
        baselines = {entry.name: entry for entry in self.parameters.baselines}
        return baselines.get(name) or self.parameters.only([name]).models[0]

    def _opened(self, entry: models.ModelEntry) -> AudioModel:
        key = entry.name, entry.state, entry.state_seed
        if key not in self._models:
            extraction = self.parameters.extraction
            how = {"device": extraction.device, "batch_size": extraction.batch_size}
            own = [f"again-{self.again}"] * bool(self.again) + [f"half-{self.half}"] * bool(self.half)
            folder = self.folder.joinpath("models", entry.name, *own)
            seed = (self.parameters.seed + self.again) % SEEDS
            model = models.open(entry, self.brain, folder, seed, **how)
            if self.half and model.learned_from:
                model.learn_from(self.splits[SOUND].values[rows(self.splits[0], TRAIN)].tolist())
            self._models[key] = model
        return self._models[key]

    def _references(
        self, kinds: Collection[str] = (BASELINES, CONTROLS), names: Sequence[str] = ()
    ) -> list[models.ModelEntry]:
        """Return the baselines, and the controls of some networks (none: of all); of `kinds` only."""
        controls = [one for entry in self.parameters.only(names).models for one in entry.variants]
        return [*self.parameters.baselines * (BASELINES in kinds), *controls * (CONTROLS in kinds)]

    def beside(self, kinds: Collection[str] = (BASELINES, CONTROLS), names: Sequence[str] = ()) -> list[AudioModel]:
        """Return the opened baselines, and the controls of some networks (none: of all); of `kinds` only."""
        return [self._opened(entry) for entry in self._references(kinds, names)]

    def with_option(self, option: str) -> list[str]:
        """Return the networks whose family has an option, such as "streams" or "frames"."""
        return [name for name in self.models if option in self.model(name).options]

    def steps(self, name: str) -> list[int]:
        """Return the checkpoints of a network that are looked at; raises UserError for one that it does not have."""
        steps = self.model(name).steps
        if unknown := [str(step) for step in self.checkpoints if step not in steps]:
            known = ", ".join(map(str, steps))
            raise UserError(f"model '{name}' has no checkpoint {', '.join(unknown)}; known: {known}")
        return [step for step in steps if not self.checkpoints or step in self.checkpoints]

    def usable_steps(self, name: str) -> list[int]:
        """Return the checkpoints of a network whose activations are available; damaged ones of a series are left out.

        They are named here and at the top of the page. Raises UserError where none can be used, and for whatever else
        goes wrong: an earlier checkpoint must not pass for one that could not be trained, written or downloaded.
        """
        usable = [step for step in self.steps(name) if self._can_be_heard(name, step)]
        if not usable:
            raise UserError(f"model '{name}': none of its checkpoints can be used: {'; '.join(self.left_out[name])}")
        return usable

    def _can_be_heard(self, name: str, step: int) -> bool:
        if (name, step) in self._usable:
            return True
        try:
            if not self.has_heard(name, [step]):
                self.heard(name, step)
        except DamagedCheckpoint as error:
            if len(self.steps(name)) == 1:
                raise
            reason, known = f"{step}: {error}", self.left_out.setdefault(name, [])
            if reason not in known:
                known.append(reason)
                print(f"model '{name}': checkpoint {step} is left out: {error}", file=sys.stderr)
            return False
        self._usable.add((name, step))
        return True

    def heard(self, name: str, step: int) -> xr.Dataset:
        """Return everything that a network keeps of its activations at a checkpoint, in its family's own layout."""
        return self._heard(self.model(name), step)

    def _heard(self, model: AudioModel, step: int) -> xr.Dataset:
        return results.result(hear, self._of_sounds(model, step), checkpoint=Checkpoint(model, step))

    def _of_sounds(self, model: AudioModel, step: int) -> Path:
        """Return the folder of a model's activations; baselines depend on sounds alone, and all studies share theirs.

        The key of what is kept there tells one from another: settings, sounds, labels and code.
        """
        family = next((one.family for one in self.parameters.baselines if one.name == model.name), None)
        return self.folder.parent / SHARED / family if family else self._place(model.name, step)

    def is_heard(self, model: AudioModel) -> bool:
        """Return whether the activations of a baseline or control are cached; False where weights are missing."""
        step = model.steps[-1]
        if model.missing(step) == models.DOWNLOAD or isinstance(_source(model, step), str):
            return False
        return results.is_kept(hear, self._of_sounds(model, step), checkpoint=Checkpoint(model, step))

    def _is_being_heard(self, model: AudioModel) -> bool:
        step = model.steps[-1]
        if model.missing(step) == models.DOWNLOAD or isinstance(_source(model, step), str):
            return False
        return results.is_being_made(hear, self._of_sounds(model, step), checkpoint=Checkpoint(model, step))

    def has_heard(self, name: str, steps: Sequence[int] = ()) -> bool:
        """Return whether the activations at `steps` (none: all) are cached, so that nothing is trained or run.

        False without checking if that needs a download.
        """
        steps = steps or self.steps(name)
        if any(self.model(name).missing(step) == models.DOWNLOAD for step in steps):
            return False
        checkpoints = {step: Checkpoint(self.model(name), step) for step in steps}
        places = {step: self._of_sounds(self.model(name), step) for step in steps}
        return all(results.is_kept(hear, places[step], checkpoint=one) for step, one in checkpoints.items())

    def features(self, name: str, step: int | None = None) -> list[xr.DataArray]:
        """Return one (sound, unit) array for each layer of a network, with its `layer`, `stage`, `note`, `model` and
        `step`.

        At a training step; by default the last one that can be used.
        """
        step = self.usable_steps(name)[-1] if step is None else step
        layers = self.model(name).layers(self.heard(name, step))
        return [layer.assign_coords({MODEL: name, STEP: step}) for layer in layers]

    def references(self, kinds: Collection[str] = (BASELINES, CONTROLS)) -> Iterator[list[xr.DataArray]]:
        """Yield the features of each baseline, then of each network's controls, which have a `state` and a `seed`.

        The start of a network, where it is among its checkpoints, is an untrained control if it has no other.
        Several processes that want them at once share the work: each first computes what no other one is computing.
        """
        for model in self.beside(kinds):
            if not self.is_heard(model) and not self._is_being_heard(model):
                self._heard(model, model.steps[-1])
        for entry in self._references(kinds):
            model = self._opened(entry)
            step = model.steps[-1]
            origin = {MODEL: entry.name, STEP: step}
            if entry not in self.parameters.baselines:
                origin |= {STATE: entry.state, SEED: entry.state_seed}
            yield [layer.assign_coords(origin) for layer in model.layers(self._heard(model, step))]
        starts = [name for name in self.starting if self._can_be_heard(name, 0)] if CONTROLS in kinds else []
        for name in starts:
            yield [layer.assign_coords({STATE: models.UNTRAINED, SEED: 0}) for layer in self.features(name, 0)]

    @property
    def starting(self) -> list[str]:
        """The networks whose start before training stands for an untrained control, whichever checkpoints are shown."""
        alone = [entry.name for entry in self.parameters.models if models.UNTRAINED not in entry.controls]
        return [name for name in alone if self.model(name).steps[0] == 0 < self.steps(name)[-1]]

    def every_checkpoint(self) -> Iterator[list[xr.DataArray]]:
        """Yield the features of each network at each of its checkpoints."""
        for name in self.models:
            for step in self.usable_steps(name):
                yield self.features(name, step)

    def last_checkpoints(self) -> Iterator[list[xr.DataArray]]:
        """Yield the features of each network at its last checkpoint."""
        for name in self.models:
            yield self.features(name)

    def retrained(self) -> list[Study]:
        """Return the study, and then others like it whose networks are trained from other seeds, as often as it says.

        Data and splits are the same, and so are networks that are not trained here.
        """
        return [self, *(self._like(again=k) for k in range(1, self.parameters.training_seeds))]

    def halves(self) -> list[Study]:
        """Return two studies like this one, whose networks are trained on one half of the sounds and never heard the
        other, on which they are tested.

        The ridge is fitted to the half that the network was trained on. Networks that are not trained here are the same
        in both.
        """
        return [self._like(self.again, half) for half in (1, 2)]

    def _like(self, again: int, half: int = 0) -> Study:
        other = Study(self.parameters, self.outputs, self.source, self.checkpoints, again, half)
        other.brain = self.brain  # which is read once
        return other

    @property
    def trained_here(self) -> list[str]:
        """The networks that are trained on the study's own sounds."""
        return [name for name in self.models if self.model(name).learned_from]

    # Results

    @property
    def encoding(self) -> dict:
        """How the study predicts and scores: arguments of `encoding.score`."""
        chosen = self.parameters.encoding
        how = {"estimator": chosen.estimator, "alphas": chosen.grid}
        return how | {"device": self.parameters.device, "progress": progress}

    def metric(self, scores: xr.Dataset) -> str:
        """Return the name of the metric that the study shows of these scores; raises UserError where it has none."""
        chosen = self.parameters.encoding.metric
        if chosen is None:
            return "r2_corrected" if "r2_corrected" in scores else "r2_pearson"
        if chosen not in scores:
            known = ", ".join(str(name) for name in scores.data_vars)
            raise UserError(f"metric: found '{chosen}', which these responses do not allow; they have: {known}")
        return chosen

    def keep(self, function: Callable, /, **arguments) -> xr.Dataset:
        """Return what `function(**arguments)` returns, computed once for these arguments and this code, then read."""
        return results.result(function, self._place(*_origin(arguments)), **arguments)

    def is_kept(self, function: Callable, /, **arguments) -> bool:
        """Return whether `keep` would read and compute nothing."""
        return results.is_kept(function, self._place(*_origin(arguments)), **arguments)

    def _place(self, name: str = "", step: int | None = None) -> Path:
        return self.folder / "results" / name / ("" if step is None else f"step-{step:07d}")

    def write(self, **tables: pd.DataFrame) -> None:
        """Write the tables that a chapter shows, by name, to `tables/<name>.parquet`."""
        for name, table in tables.items():
            files.write_table(self.place / "tables" / f"{name}.parquet", table)

    @property
    def place(self) -> Path:
        """Where tables and notebooks go; those of some checkpoints only must not replace the study's."""
        return self.folder / place_of(self.models, self.checkpoints) if self.checkpoints else self.folder

    # What a page says of the study

    @property
    def look(self) -> dict:
        """Keyword arguments of every figure of this study."""
        return {"synthetic": self.brain.synthetic, "language": self.parameters.language}

    def banner(self) -> text.Bilingual | None:
        """Return the warning that heads every chapter on synthetic data, or on data derived from real ones."""
        if self.brain.synthetic:
            return text.both("say.synthetic")
        derived = all(f"derived.{self.brain.name}" in labeller.words for labeller in text.labellers().values())
        return text.both(f"derived.{self.brain.name}") if derived else None

    def remarks(self) -> text.Bilingual | None:
        """Return what whoever reads any number of the study has to know: what was left out, and what is strange.

        That are checkpoints found to be damaged so far, and what was noticed in sounds and responses. None where there
        is nothing to say.
        """
        left_out = [
            text.both("remark.left_out", model=model, reasons="; ".join(reasons))
            for model, reasons in self.left_out.items()
        ]
        noticed = [text.both(f"remark.{key}", names=some(names)) for key, names in self._noticed.items()]
        return text.markdown(left_out + noticed) if left_out or noticed else None

    @property
    def _noticed(self) -> dict[str, list[str]]:
        """The words `remark.<key>` -> the names that they are about."""
        return {**self.brain.waveforms.attrs.get(sounds.REMARKS, {}), **self.brain.remarks}

    def described(self, prefix: str) -> text.Bilingual:
        """Return the words `prefix.<family>` of each family among the networks and baselines, a paragraph each."""
        entries = (*self.parameters.models, *self.parameters.baselines)
        return text.markdown(
            [text.both(f"{prefix}.{family}") for family in dict.fromkeys(one.family for one in entries)]
        )

    @property
    def provenance(self) -> dict:
        """Provenance for the report's footer: parameters, checksums of sounds, data and weights."""
        made_by = {name: self._identities(name) for name in self.models}
        return {"study": self.parameters.model_dump(), **self._data, "models": made_by}

    def _identities(self, name: str) -> dict:
        """Return what determines the activations of a network's last usable checkpoint, and which were left out."""
        last = self.usable_steps(name)[-1]
        left_out = {"left_out": self.left_out[name]} if name in self.left_out else {}
        return self.model(name).identity(last) | left_out

    def recipe(self, names: Sequence[str] = (), steps: Sequence[int] = ()) -> dict:
        """Return all that the results of some networks (none: all) depend on, known before anything is computed.

        It does not depend on other networks or on the list of chapters.
        """
        names = list(names) or self.models
        shown = self.parameters.only(names).model_dump(exclude={"chapters", "sounds_in_report"})
        made_by = {
            name: {step: _source(self.model(name), step) for step in steps or self.steps(name)} for name in names
        }
        beside = [(model, model.steps[-1]) for model in self.beside(names=names)]
        beside += [(self.model(name), 0) for name in self.starting if name in names]
        known = [_source(*one) for one in beside if one[0].missing(one[1]) != models.DOWNLOAD]
        return {"study": shown, **self._data, "models": made_by, "references": known}

    def _sources(self, name: str) -> list[dict | str]:
        """Return `_source` of a network's checkpoints that need no download to be known."""
        steps = [step for step in self.steps(name) if self.model(name).missing(step) != models.DOWNLOAD]
        return [_source(self.model(name), step) for step in steps] or [{}]

    @cached_property
    def _data(self) -> dict:
        return {"dataset": self.brain.provenance, "sounds": sounds.digest(self.brain.waveforms)}


def _source(model: AudioModel, step: int) -> dict | str:
    """Return what determines the activations of a checkpoint, code included, or why there can be none."""
    try:
        return Checkpoint(model, step).store_key()
    except UserError as error:
        return str(error)


def _origin(arguments: dict) -> tuple[str, int] | tuple[()]:
    """Return the model and step of the features among a function's arguments, for the folder of its result."""
    features = arguments.get("features")
    if not features or not {MODEL, STEP} <= set(features[0].coords):
        return ()
    return str(features[0][MODEL].values), int(features[0][STEP])


def place_of(names: Sequence[str], checkpoints: Sequence[int]) -> Path:
    """Return the folder, below a study's, of some networks at one checkpoint or over a series of them."""
    steps = f"step-{checkpoints[0]:07d}" if len(checkpoints) == 1 else "series"
    return Path("batch") / "+".join(names) / steps
