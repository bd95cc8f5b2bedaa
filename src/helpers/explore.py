"""The widgets of notebooks/explore.py: choose what to look at, see it, hear it. What is shown is computed elsewhere."""

from __future__ import annotations

import html
from collections.abc import Callable

import ipywidgets as widgets

from helpers import audio
from helpers.figures import exploring as drawn
from helpers.names import LAYER, SOUND, SPLIT, STEP
from helpers.pipeline import Work, exploring
from helpers.pipeline.exploring import COMPONENT_GROUP, Choice
from helpers.text import Labeller, labellers

ROWS = (("model", "step", "layer"), ("group", "target", "split"))  # of menus; one more chooses the sound
LANGUAGE_NAMES = [("Español", "es"), ("English", "en")]


class Explorer:
    """Menus, a figure of the test half's sounds, a player, and the error by alpha; every change is answered at once."""

    def __init__(self, work: Work, model: str = ""):
        self.work, self.groups = work, exploring.groups(work)
        self.categories = list(dict.fromkeys(work.brain.waveforms["category"].values.tolist()))
        self.menus = {name: widgets.Dropdown(layout={"width": "auto"}) for name in (*ROWS[0], *ROWS[1], "sound")}
        self.language = widgets.ToggleButtons(options=LANGUAGE_NAMES, value=work.study.language)
        self.player = widgets.Audio(format="mp3", autoplay=True, loop=False)
        self.status, self.log = widgets.HTML(), widgets.Output()
        self.responses = self.errors = None
        self._choosing = False
        self._offer("model", [(name, name) for name in work.model_names], model or first(work))
        self.box = self._opened()

    def _repr_mimebundle_(self, **options) -> dict:
        return self.box._repr_mimebundle_(**options)

    def _opened(self) -> widgets.VBox:
        """Compute the first view, put everything in its place, and listen."""
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
        """A menu whose options are replaced changes its value too, and that is nobody's choice."""
        return lambda change: None if self._choosing else answer()

    @property
    def labeller(self) -> Labeller:
        return labellers()[self.language.value]

    @property
    def choice(self) -> Choice:
        return Choice(**{name: self.menus[name].value for name in ("model", "step", "layer", "target", "split")})

    def _model_changed(self) -> None:
        """Networks differ in checkpoints and layers; a network that was not yet heard is trained and heard now."""
        self.status.value = f"<em>{self.labeller('explore.working')}</em>"
        with self.log:
            features = self.work.features(self.menus["model"].value)
        self.log.clear_output()
        steps, layers = features[STEP].values.tolist(), features[LAYER].values.tolist()
        self._offer("step", [(str(step), step) for step in steps], steps[-1])
        self._offer("layer", [(str(layer), layer) for layer in layers], layers[-1])
        self._shown()

    def _group_changed(self) -> None:
        self._offer_targets()
        self._shown()

    def _shown(self) -> None:
        """Say and draw what is chosen, in the chosen language."""
        self._named()
        seen = exploring.seen(self.work, self.choice)
        self._draw(seen)
        names = seen.sounds[SOUND].tolist()
        self._offer("sound", [("–", ""), *((name, name) for name in names)], "")
        self.status.value = f"<p>{html.escape(self.labeller('explore.ready', n=len(names)))}</p>"

    def _named(self) -> None:
        """Everything in the menus that is a word."""
        say = self.labeller
        for name, menu in self.menus.items():
            menu.description = say(f"explore.{name}")
        self._offer("model", [(say.name("model", name), name) for name in self.work.model_names])
        self._offer("group", [(self._group_name(group), group) for group in self.groups])
        splits = self.work.train[SPLIT].values.tolist()
        self._offer("split", [(str(split), split) for split in splits])
        self._offer_targets()

    def _offer_targets(self) -> None:
        group = self.menus["group"].value
        self._offer("target", [(self._target_name(target), target) for target in self.groups[group]])

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

    def _group_name(self, group: tuple[str, ...]) -> str:
        if group == COMPONENT_GROUP:
            return self.labeller("explore.components")
        subject, hemisphere, region = group
        words = [self.labeller.name(*pair) for pair in (("hemisphere", hemisphere), ("region", region)) if pair[1]]
        return ", ".join([str(subject), *words])

    def _target_name(self, target: str) -> str:
        component = self.menus["group"].value == COMPONENT_GROUP
        return self.labeller.name("component", target) if component else self.labeller("explore.voxel", name=target)

    def _draw(self, seen: exploring.Seen) -> None:
        look = {"synthetic": self.work.brain.synthetic}
        new = drawn.responses(seen.sounds, self.categories, self.labeller, title=self._title(seen), **look)
        curve = drawn.errors(seen.errors, seen.alpha, self.labeller, **look)
        if self.responses is None:
            self.responses, self.errors = drawn.live(new), drawn.live(curve)
            for trace in self.responses.data:
                trace.on_click(self._clicked)
            return
        for figure, latest in ((self.responses, new), (self.errors, curve)):
            with figure.batch_update():
                figure.update(latest.to_dict())

    def _title(self, seen: exploring.Seen) -> str:
        say, choice = self.labeller, self.choice
        names = {"model": say.name("model", choice.model), "target": self._target_name(choice.target)}
        numbers = {"r2": seen.r2_pearson, "determination": seen.r2_determination, "alpha": f"{seen.alpha:.0e}"}
        title = say("figure.exploring.title", layer=choice.layer, split=choice.split, **names)
        return f"{title}<br><sup>{say('figure.exploring.numbers', **numbers)}</sup>"

    def _clicked(self, trace, points, _state) -> None:
        if points.point_inds:
            self.menus["sound"].value = trace.ids[points.point_inds[0]]

    def _heard(self) -> None:
        name = self.menus["sound"].value
        if name:
            self.player.value = audio.of(self.work.brain.waveforms, name)


def first(work: Work) -> str:
    """The model to begin with: one that was heard before, so that nothing has to be trained, else the study's first."""
    return next((name for name in work.model_names if work.has_heard(name)), work.model_names[0])
