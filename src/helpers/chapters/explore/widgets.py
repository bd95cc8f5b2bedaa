"""The widgets of notebooks/explore.py: menus, figures and a player. `analysis` computes what is shown."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

import ipywidgets as widgets

from helpers.chapters.explore.seen import Choice, Group, Seen, picture, shipped
from helpers.chapters.explore.titles import place, title
from helpers.chapters.explore.work import Work
from helpers.names import LAYER, SOUND, SPLIT
from helpers.text import Labeller, labellers

if TYPE_CHECKING:
    from helpers.study import Study

FIGURES = "helpers.chapters.explore.figures"  # brings Plotly, and
ANALYSIS = "helpers.chapters.explore.analysis"  # torch and scikit-learn: seconds, so they come after what is shown
ROWS = (("study", "model", "step", "layer"), ("group", "target", "split"))  # of menus; one more chooses the sound
CHOSEN = [name for row in ROWS for name in row if name != "study"]
LANGUAGE = "en"  # until the study's is known
LANGUAGE_NAMES = [("Español", "es"), ("English", "en")]


class Explorer:
    """Menus, a figure of the sounds that test, a player, and the error by alpha; it updates on every change.

    It is there at once: packages are imported, data read, and networks trained or run in the background, with a bar. Of
    the demo a view that comes with the package is shown meanwhile, at first as a picture. Until the network that was
    chosen has been heard, one that has is shown, or a baseline, which takes a second. `source` is a study as
    `open_study` takes it; `model` is chosen first, else the first of the study whose activations are cached.
    """

    def __init__(self, source: str | dict, model: str = ""):
        self.source, self.study, self.shown = source, None, ""  # `shown`: the network that the figures are of
        self.analysis = None  # the module, as soon as it has been imported
        self.seen: Seen | None = None
        self.groups: dict[Group, list[str]] = {}
        self.menus = {name: widgets.Dropdown(layout={"width": "auto"}) for row in ROWS for name in row}
        self.menus["sound"] = widgets.Dropdown(layout={"width": "auto"})
        self.search = widgets.Text(continuous_update=True, layout={"width": "12em"})
        self.language = widgets.ToggleButtons(options=LANGUAGE_NAMES, value=LANGUAGE)
        self.player = widgets.Audio(format="mp3", autoplay=True, loop=False)
        self.banner, self.status, self.picture, self.work = widgets.HTML(), widgets.HTML(), widgets.HTML(), Work()
        self.responses = self.errors = None  # they bring megabytes of scripts: menus, bar and picture come first
        self._choosing = False
        self.box = self._laid_out()
        self._begin()
        self._open(source, model)

    def _repr_mimebundle_(self, **options) -> dict:
        return self.box._repr_mimebundle_(**options)

    def _laid_out(self) -> widgets.VBox:
        """Put everything in its place, and watch the menus."""
        wrap = {"flex_flow": "row wrap"}
        menus = [widgets.HBox([self.menus[name] for name in row], layout=wrap) for row in ROWS]
        menus[1].children = [menus[1].children[0], self.search, *menus[1].children[1:]]
        self.heard = widgets.HBox([self.menus["sound"], self.player], layout=wrap)
        for name, answer in self._answers().items():
            self.menus[name].observe(self._unless_choosing(answer), "value")
        self.search.observe(self._unless_choosing(self._searched), "value")
        self.language.observe(lambda _: self._renamed(), "value")
        self.view = widgets.VBox()
        return widgets.VBox([self.language, self.banner, *menus, self.work.box, self.view])

    # What takes long

    def _begin(self) -> None:
        """Show what comes with the package; menus have nothing else to choose until the study has been opened."""
        self.seen = shipped(self._name)
        self._named()
        if self.seen:
            self._pictured()
            self.view.children = [self.status, self.picture]
            self.work.do(self.labeller("explore.opening"), partial(import_module, FIGURES), self._draw)

    def _open(self, source: str | dict, model: str = "") -> None:
        """Open a study in the background, and show something of it; one that cannot be opened changes nothing."""
        found: list[Study] = []

        def open_it() -> None:
            self.analysis = import_module(ANALYSIS)
            self._named()  # the studies are known now
            study = self.analysis.opened(source)
            _ = study.brain
            found.append(study)

        self.work.do(self.labeller("explore.opening"), open_it, lambda: self._opened(found[0], model))

    def _opened(self, study: Study, model: str) -> None:
        first_time = self.study is None
        self.study, self.groups, self.shown = study, self.analysis.groups(study), ""
        self.seen = None  # it may be of another study, whose sounds are gone
        if first_time and self.language.value == LANGUAGE:  # else the reader has chosen
            self.language.value = study.parameters.language
        self._offer("group", [(str(group), group) for group in self.groups], next(iter(self.groups)))
        wanted = model if model in study.models else self.analysis.first(study)
        self._offer("model", [(name, name) for name in self._models], wanted)
        self._named()
        if not study.has_heard(self.menus["model"].value):
            self._hear(study.baselines[0])
        self._model_changed()

    def _model_changed(self) -> None:
        """Show the network that is chosen, or have it trained or run first."""
        name = self.menus["model"].value
        if self.study.has_heard(name):
            self._show_model(name)
        else:
            self._hear(name)

    def _hear(self, name: str) -> None:
        study, label = self.study, self.labeller("explore.working", model=self.labeller.name("model", name))
        self.work.do(label, partial(study.features, name), partial(self._heard_model, study, name))

    def _heard_model(self, study: Study, name: str) -> None:
        """Show a network that was waited for, unless another one is shown that was chosen since."""
        if study is self.study and (name == self.menus["model"].value or not self.shown):
            self._show_model(name)

    def _show_model(self, name: str) -> None:
        steps = self.study.usable_steps(name)
        layers = [int(layer[LAYER]) for layer in self.study.features(name, steps[-1])]
        self.shown = name
        self._offer("step", [(str(step), step) for step in steps], steps[-1])
        self._offer("layer", [(str(layer), layer) for layer in layers], layers[-1])
        self._shown()

    # What a menu does

    def _answers(self) -> dict[str, Callable[[], None]]:
        answers = dict.fromkeys(("step", "layer", "target", "split"), self._shown)
        answers |= {"model": self._model_changed, "group": self._group_changed, "sound": self._heard}
        return answers | {"study": self._study_changed}

    def _unless_choosing(self, answer: Callable[[], None]) -> Callable[[object], None]:
        """Return a callback; replacing a menu's options changes its value too, which is not a user action."""
        return lambda change: None if self._choosing else answer()

    def _study_changed(self) -> None:
        source = self.menus["study"].value
        self._open({**self.source, "study": source} if isinstance(self.source, dict) else source)

    def _group_changed(self) -> None:
        self._offer_targets()
        self._shown()

    def _searched(self) -> None:
        if self.study is None:
            return
        before = self.menus["target"].value
        self._offer_targets()
        if self.menus["target"].value != before:
            self._shown()

    def _renamed(self) -> None:
        self._named()
        if self.seen:
            (self._pictured if self.responses is None else self._draw)()

    def _heard(self) -> None:
        name = self.menus["sound"].value
        if name:
            self.player.value = self.analysis.sound(self.study, name)

    def _clicked(self, trace, points, _state) -> None:
        if points.point_inds and self.study:
            self.menus["sound"].value = trace.ids[points.point_inds[0]]

    # What is shown

    @property
    def labeller(self) -> Labeller:
        return labellers()[self.language.value]

    @property
    def choice(self) -> Choice:
        return Choice(**{name: self.menus[name].value for name in CHOSEN} | {"model": self.shown})

    @property
    def _models(self) -> list[str]:
        return [*self.study.models, *self.study.baselines]

    @property
    def _name(self) -> str:
        return self.source["study"] if isinstance(self.source, dict) else str(self.source)

    def _shown(self) -> None:
        """Compute and draw what is chosen; nothing before there is a network to draw."""
        if not self.shown:
            return
        self._named()
        self.seen = self.analysis.seen(self.study, self.choice)
        self._draw()

    def _named(self) -> None:
        """Put the chosen language's words into the menus."""
        say = self.labeller
        for name, menu in self.menus.items():
            menu.description = say(f"explore.{name}")
        self.search.placeholder = say("explore.search")
        known = self.analysis.known() if self.analysis else []
        self._offer("study", [(name, name) for name in dict.fromkeys([self._name, *known])])
        if self.study is None:
            self._offer_shipped()
            return
        banner = self.study.banner()
        self.banner.value = banner.pieces[self.language.value] if banner else ""
        self._offer("model", [(say.name("model", name), name) for name in self._models])
        self._offer("group", [(self._group_name(group), group) for group in self.groups])
        self._offer("split", [(str(split), split) for split in self.study.splits[SPLIT].values.tolist()])
        self._offer_targets()

    def _offer_shipped(self) -> None:
        """Offer what is shown before the study has been opened."""
        if self.seen:
            say, choice = self.labeller, self.seen.choice
            words = {"model": say.name("model", choice.model), "target": say.name("target", choice.target)}
            words["group"] = say.name("responses", choice.responses)
            for name in CHOSEN:
                value = getattr(choice, name)
                self._offer(name, [(words.get(name, str(value)), value)])

    def _offer_targets(self) -> None:
        """Offer the targets of the group in the order of their names: those that contain what is searched for."""
        targets = self.groups[self.menus["group"].value]
        named = [(self.labeller.name("target", target), target) for target in targets]
        sought = self.search.value.strip().casefold()
        named = sorted(named, key=lambda pair: in_order(pair[0]))
        self._offer("target", [pair for pair in named if sought in pair[0].casefold()] or named)

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
        kinds = self.analysis.places(self.study.responses(group[0]))
        name = self.labeller.name("responses", group[0])
        where = place(dict(zip(kinds, group[1:], strict=True)), self.labeller)
        return f"{name}: {where}" if where else name

    def _pictured(self) -> None:
        """Show the picture that comes with the package, in the chosen language."""
        drawn = base64.b64encode(picture(self._name, self.language.value).encode()).decode()
        mark = f". {self.labeller('report.synthetic')}" if self.seen.synthetic else ""
        said = html.escape(title(self.seen, self.labeller) + mark)
        self.picture.value = f'<img alt="{said}" src="data:image/svg+xml;base64,{drawn}" style="max-width: 100%">'
        self._said()

    def _draw(self) -> None:
        """Draw what was seen, in the chosen language."""
        figures, seen, look = import_module(FIGURES), self.seen, {"synthetic": self.seen.synthetic}
        said = title(seen, self.labeller)
        new = figures.responses(seen.sounds, seen.categories, self.labeller, title=said, **look)
        curve = figures.errors(seen.errors, seen.alpha, self.labeller, **look)
        if self.responses is None:
            self.responses, self.errors = figures.live(new), figures.live(curve)
            self._watched(self.responses)
            self.view.children = [self.status, self.responses, self.heard, self.errors]
        else:
            self._redrawn(self.responses, new)
            self._redrawn(self.errors, curve)
        names = sorted(seen.sounds[SOUND], key=in_order)
        if self.study:
            self._offer("sound", [("–", ""), *((name, name) for name in names)], "")
        self._said()

    def _redrawn(self, figure, latest) -> None:
        with figure.batch_update():
            if len(figure.data) != len(latest.data):  # the first of a study
                figure.data = ()
                figure.add_traces(latest.data)
                self._watched(figure)
            figure.update(latest.to_dict())

    def _watched(self, figure) -> None:
        for trace in figure.data:
            trace.on_click(self._clicked)

    def _said(self) -> None:
        """Say the numbers of what is shown, and what can be done with it."""
        seen, n = self.seen, len(self.seen.sounds)
        numbers = {"r2": seen.r2_pearson, "determination": seen.r2_determination}
        said = [self.labeller("figure.exploring.numbers", alpha=self.labeller.power(seen.alpha), **numbers)]
        key = "explore.ready" if self.study else "explore.shipped"
        said.append(self.labeller(key, n=n, n_sounds=seen.n_sounds, n_units=seen.n_units))
        self.status.value = "".join(f"<p>{html.escape(one)}</p>" for one in said)


def in_order(name: str) -> list[tuple[int, str]]:
    """Return a key by which names sort as people sort them, v2 before v10."""
    return [(int(part), "") if part.isdigit() else (-1, part.casefold()) for part in re.split(r"(\d+)", name)]
