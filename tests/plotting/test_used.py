"""A figure is its module and its place in a notebook; half of that is noticed. So are names without words."""

import ast

import pytest

from conftest import ROOT
from helpers import encoding
from helpers.text import labellers

CHAPTERS = ROOT / "src" / "helpers" / "chapters"
MODULES = sorted([*CHAPTERS.glob("*/figures.py"), *CHAPTERS.glob("*/figures/*.py")])


def drawing(path) -> list[str]:
    """The public functions of a module whose annotation says that they return a figure."""
    tree = ast.parse(path.read_text())
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    return [node.name for node in functions if node.returns and "go.Figure" in ast.unparse(node.returns)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CHAPTERS)))
def test_every_figure_of_a_chapter_is_drawn_somewhere(path):
    chapter = path.relative_to(CHAPTERS).parts[0]
    showing = [*(ROOT / "notebooks").glob(f"*{chapter}.py"), *(CHAPTERS / chapter).glob("widgets.py")]
    nodes = [node for file in showing for node in ast.walk(ast.parse(file.read_text()))]
    called = {".".join(ast.unparse(node.func).split(".")[-2:]) for node in nodes if isinstance(node, ast.Call)}
    unused = [name for name in drawing(path) if f"figures.{name}" not in called]
    assert not unused, f"chapters/{chapter}: no notebook shows {', '.join(unused)}"


def test_figures_were_found():
    assert sum(len(drawing(path)) for path in MODULES) > 20


def test_every_name_that_a_study_may_choose_has_its_words():
    import helpers.chapters.method  # noqa: F401  (registers words)

    wanted = [f"{kind}.{name}" for kind in ("metric", "median", "mean", "symbol") for name in encoding.METRICS]
    wanted += [f"estimator.{name}" for name in encoding.ESTIMATORS]
    wanted += [f"method.scheme.{name}" for name in encoding.SCHEMES]
    for language, labeller in labellers().items():
        missing = [key for key in wanted if key not in labeller.words]
        assert not missing, f"no word in '{language}' for {', '.join(missing)}; add it to text/{language}.yml"
