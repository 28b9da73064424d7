# Random Features: Power and Limits. `make` lists the commands; each prepares by itself what it needs.

SHELL := /bin/sh
PYTHON ?= python3
# Exact versions of everything installed; `make book CONSTRAINTS=` takes the newest that pyproject.toml allows.
CONSTRAINTS ?= constraints.txt
PORT ?= 8000
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help book test lint serve lab clean constraints

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

book: .venv/ready ## build the site into _build/html, executing the chapters that changed
	@$(BIN)/python workshop/build.py

test: book ## build the book, then run every test this machine can run
	@$(BIN)/python -m pytest --doctest-modules

lint: .venv/ready ## check the style of the code, the workflows and the citation file
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/actionlint .github/workflows/*.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff

serve: book ## build, then show the site on this machine only
	@echo "The book is at http://127.0.0.1:$(PORT)  (Ctrl-C stops)"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

lab: .venv/lab ## open the chapters as notebooks in JupyterLab
	@$(BIN)/jupyter lab --config=workshop/jupyter_lab_config.py

clean: ## remove the site and the chapters' outputs, keep the environment
	rm -rf _build .cache

constraints: ## renew constraints.txt: the newest versions that pyproject.toml allows
	@$(PYTHON) workshop/renew_constraints.py

# The stamp is missing while an installation runs: one that was interrupted starts again from an empty environment.
.venv/ready: pyproject.toml $(CONSTRAINTS)
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; $(PYTHON) is " + sys.version.split()[0] + ". Say which to use: make PYTHON=python3.12")'
	@test -e $@ || $(PYTHON) -m venv --clear .venv
	@rm -f $@
	@echo "Installing into .venv (a minute or two) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(if $(CONSTRAINTS),-c $(CONSTRAINTS)) -e '.[book,test]'
	@touch $@

.venv/lab: .venv/ready workshop/lab-settings.json
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(if $(CONSTRAINTS),-c $(CONSTRAINTS)) -e '.[lab]'
	@mkdir -p .venv/share/jupyter/lab/settings
	@cp workshop/lab-settings.json .venv/share/jupyter/lab/settings/overrides.json
	@touch $@
