# Each command sets up what it needs: .venv is built when it is missing or older than what it is made from.
PYTHON ?= python3
STUDY ?= demo
ROOM ?=
BIN := .venv/bin
LABCONFIG := .venv/etc/jupyter/labconfig

.PHONY: help report test test-slow coverage bench julearn junifer lab lint lock citation first-view api clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

report: .venv/ready  ## run a study and write outputs/STUDY/report.html (STUDY=demo, nh2015, encodecmae, ...)
	$(BIN)/python -P -m helpers report '$(STUDY)'

test: .venv/ready  ## the tests; those of one package alone: make test ROOM=encoding
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder tests$(if $(ROOM),/$(ROOM))

test-slow: .venv/ready  ## the tests that take minutes
	$(BIN)/python -m pytest -m slow

coverage: .venv/ready  ## what intervals and verdicts cover, simulated: writes tests/COVERAGE.md (hours)
	$(BIN)/python tests/coverage_page.py

bench: .venv/ready  ## how long everything takes, beside other packages and beside its goal (minutes, on an idle machine)
	$(BIN)/python tests/bench.py

julearn: .venv/ready .venv-julearn/ready  ## the components of a study by julearn too, in an environment of its own
	$(BIN)/python -P -m helpers julearn '$(STUDY)'

junifer: .venv/ready  ## junifer into .venv, for response maps of your own
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation -e '.[junifer]'

lab: .venv/ready  ## JupyterLab with notebooks/explore.py, which shows and plays one response at a time
	$(BIN)/jupytext-config --settings-file $(LABCONFIG)/default_setting_overrides.json set-default-viewer python
	$(BIN)/jupyter labextension disable @jupyterlab/apputils-extension:announcements  # it would ask the network for news
	$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/notebooks/explore.py

lint: .venv/ready  ## style, spelling, who imports whom
	$(BIN)/pre-commit run --all-files

lock: .venv/ready  ## renew requirements.lock from pyproject.toml
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --extra lab --extra api --extra cluster --extra bench --extra huggingface --extra pictures --extra test --strip-extras --allow-unsafe --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --output-file requirements.lock pyproject.toml
	sed -i.old 's/+cpu$$//' requirements.lock && rm requirements.lock.old  # any build of that torch will do

citation: .venv/ready  ## renew the references of CITATION.cff from src/helpers/text/references.yml
	$(BIN)/python -P -c "from pathlib import Path; from helpers.text.references import with_references; path = Path('CITATION.cff'); path.write_text(with_references(path.read_text(encoding='utf-8')), encoding='utf-8')"

first-view: .venv/ready  ## renew what notebooks/explore.py shows first, of the demo: src/helpers/chapters/explore/demo.*
	$(BIN)/python -P -c "from helpers.chapters.explore.analysis import renew; renew('demo')"

api: .venv/ready  ## pages on every module and function, from their docstrings: writes outputs/api/
	PDOC_ALLOW_EXEC=1 $(BIN)/python -P -m pdoc --docformat numpy --output-directory outputs/api helpers

clean:  ## remove .venv and everything computed
	rm -rf .venv .venv-julearn outputs/*/

.venv-julearn/ready: params/julearn.lock
	$(PYTHON) -m venv --clear .venv-julearn
	.venv-julearn/bin/pip install --quiet --disable-pip-version-check -r params/julearn.lock
	touch .venv-julearn/ready

.venv/ready: pyproject.toml requirements.lock
	$(PYTHON) -c 'import sys; assert (3, 11) <= sys.version_info < (3, 14), f"Python 3.11 to 3.13 is needed, found {sys.version.split()[0]}: make PYTHON=python3.11"'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch .venv/ready
