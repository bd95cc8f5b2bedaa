"""The widgets of notebooks/explore.py: menus, figures and a player. `analysis` computes what is shown."""

from __future__ import annotations

import html
from collections.abc import Callable

import ipywidgets as widgets

from helpers.chapters.explore import figures
from helpers.chapters.explore.analysis import Choice, Group, Seen, groups, places, seen
from helpers.names import CATEGORY, LAYER, SOUND, SPLIT
from helpers.stimuli import audio
from helpers.study import Study
from helpers.text import Labeller, labellers

ROWS = (("model", "step", "layer"), ("group", "target", "split"))  # of menus; one more chooses the sound
LANGUAGE_NAMES = [("Español", "es"), ("English", "en")]


class Explorer:
    """Menus, a figure of the sounds that test, a player, and the error by alpha; it updates on every change.

    `model` is shown first; without it, or if the study has no such model, one whose activations are cached.
    """

    def __init__(self, study: Study, model: str = ""):
        self.study, self.groups = study, groups(study)
        self.categories = list(dict.fromkeys(study.brain.waveforms[CATEGORY].values.tolist()))
        self.menus = {name: widgets.Dropdown(layout={"width": "auto"}) for name in (*ROWS[0], *ROWS[1], "sound")}
        self.language = widgets.ToggleButtons(options=LANGUAGE_NAMES, value=study.parameters.language)
        self.player = widgets.Audio(format="mp3", autoplay=True, loop=False)
        self.status, self.log = widgets.HTML(), widgets.Output()
        self.responses = self.errors = None
        self._choosing = False
        shown_first = model if model in study.models else first(study)
        self._offer("model", [(name, name) for name in study.models], shown_first)
        self.box = self._opened()

    def _repr_mimebundle_(self, **options) -> dict:
        return self.box._repr_mimebundle_(**options)

    def _opened(self) -> widgets.VBox:
        """Compute the first view, put everything in its place, and watch the menus."""
        self._model_changed()
        menus = [widgets.HBox([self.menus[name] for name in row], layout={"flex_flow": "row wrap"}) for row in ROWS]
        heard = widgets.HBox([self.menus["sound"], self.player])
        for name, answer in self._answers().items():
            self.menus[name].observe(self._unless_choosing(answer), "value")
        self.language.observe(lambda _: self._shown(), "value")
        return widgets.VBox([self.language, *menus, self.status, self.log, self.responses, heard, self.errors])

    def _answers(self) -> dict[str, Callable[[], None]]:
        answers = dict.fromkeys(("step", "layer", "target", "split"), self._shown)
        return answers | {"model": self._model_changed, "group": self._group_changed, "sound": self._heard}

    def _unless_choosing(self, answer: Callable[[], None]) -> Callable[[object], None]:
        """Return a callback; replacing a menu's options changes its value too, which is not a user action."""
        return lambda change: None if self._choosing else answer()

    @property
    def labeller(self) -> Labeller:
        return labellers()[self.language.value]

    @property
    def choice(self) -> Choice:
        chosen = {name: self.menus[name].value for name in ("model", "step", "layer", "target", "split")}
        return Choice(**chosen, responses=self.group[0])

    @property
    def group(self) -> Group:
        return self.menus["group"].value

    def _model_changed(self) -> None:
        """Offer a network's checkpoints and layers; a network whose activations are not cached is trained or run."""
        self.status.value = f"<em>{self.labeller('explore.working')}</em>"
        with self.log:
            steps = self.study.usable_steps(self.menus["model"].value)
            layers = [int(layer[LAYER]) for layer in self.study.features(self.menus["model"].value, steps[-1])]
        self.log.clear_output()
        self._offer("step", [(str(step), step) for step in steps], steps[-1])
        self._offer("layer", [(str(layer), layer) for layer in layers], layers[-1])
        self._shown()

    def _group_changed(self) -> None:
        self._offer_targets()
        self._shown()

    def _shown(self) -> None:
        """Draw what is chosen, in the chosen language."""
        self._named()
        found = seen(self.study, self.choice)
        self._draw(found)
        names = found.sounds[SOUND].tolist()
        self._offer("sound", [("–", ""), *((name, name) for name in names)], "")
        self.status.value = f"<p>{html.escape(self.labeller('explore.ready', n=len(names)))}</p>"

    def _named(self) -> None:
        """Put the chosen language's words into the menus."""
        say = self.labeller
        for name, menu in self.menus.items():
            menu.description = say(f"explore.{name}")
        self._offer("model", [(say.name("model", name), name) for name in self.study.models])
        self._offer("group", [(self._group_name(group), group) for group in self.groups])
        splits = self.study.splits[SPLIT].values.tolist()
        self._offer("split", [(str(split), split) for split in splits])
        self._offer_targets()

    def _offer_targets(self) -> None:
        name = self.labeller.name
        self._offer("target", [(name("target", target), target) for target in self.groups[self.group]])

    def _offer(self, name: str, options: list[tuple], value=None) -> None:
        """Replace a menu's options; what was chosen stays chosen where it still is among them."""
        menu, known = self.menus[name], [option for _, option in options]
        wanted = menu.value if value is None else value
        self._choosing = True
        try:
            menu.options = options
            menu.value = wanted if wanted in known else known[0]
        finally:
            self._choosing = False

    def _group_name(self, group: Group) -> str:
        """Return the name of a set of responses, and the place of the group where its targets have one."""
        name, place = self.labeller.name("responses", group[0]), self._place(group)
        return f"{name}: {place}" if place else name

    def _place(self, group: Group) -> str:
        kinds = places(self.study.responses(group[0]))
        return ", ".join(self.labeller.name(kind, value) for kind, value in zip(kinds, group[1:], strict=True) if value)

    def _draw(self, found: Seen) -> None:
        look = {"synthetic": self.study.brain.synthetic}
        new = figures.responses(found.sounds, self.categories, self.labeller, title=self._title(found), **look)
        curve = figures.errors(found.errors, found.alpha, self.labeller, **look)
        if self.responses is None:
            self.responses, self.errors = figures.live(new), figures.live(curve)
            for trace in self.responses.data:
                trace.on_click(self._clicked)
            return
        for figure, latest in ((self.responses, new), (self.errors, curve)):
            with figure.batch_update():
                figure.update(latest.to_dict())

    def _title(self, found: Seen) -> str:
        say, choice, place = self.labeller, self.choice, self._place(self.group)
        target = say.name("target", choice.target) + (f" ({place})" if place else "")
        names = {"model": say.name("model", choice.model), "target": target}
        numbers = {
            "r2": found.r2_pearson,
            "determination": found.r2_determination,
            "alpha": self.labeller.power(found.alpha),
        }
        title = say("figure.exploring.title", layer=choice.layer, split=choice.split, **names)
        return f"{title}<br><sup>{say('figure.exploring.numbers', **numbers)}</sup>"

    def _clicked(self, trace, points, _state) -> None:
        if points.point_inds:
            self.menus["sound"].value = trace.ids[points.point_inds[0]]

    def _heard(self) -> None:
        name = self.menus["sound"].value
        if name:
            self.player.value = audio.of(self.study.brain.waveforms, name)


def first(study: Study) -> str:
    """Return a model whose activations are cached, so that nothing is trained or run, else the study's first."""
    return next((name for name in study.models if study.has_heard(name)), study.models[0])
