"""Chapters whose cells are run in the process of the tests: a kernel of its own costs seconds of imports each."""

from datetime import UTC, datetime

from nbformat import NotebookNode


def run(notebook: NotebookNode, parameters: dict) -> dict:
    """The names that a chapter's code cells leave behind, its cell of parameters replaced."""
    found = dict(parameters)
    for cell in notebook.cells:
        if cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", []):
            exec(compile(cell.source, "a chapter", "exec"), found)  # our own notebook
    return found


def executed(notebook: NotebookNode, _folder, parameters: dict, *_) -> NotebookNode:
    """In place of `notebooks._papermill`: a notebook without outputs, after its cells were run here."""
    run(notebook, parameters)
    notebook.metadata["papermill"] = {"end_time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}", "duration": 0.0}
    return notebook
