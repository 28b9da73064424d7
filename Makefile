# Random Features: Power and Limits. `make` lists the commands; each prepares by itself what it needs.

SHELL := /bin/sh
PYTHON ?= python3
# Exact versions of everything installed; `make book CONSTRAINTS=` takes the newest that pyproject.toml allows.
CONSTRAINTS ?= constraints.txt
PORT ?= 8000
BIN := .venv/bin
PYTEST = OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $$($(BIN)/python workshop/cores.py) --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help book pdf slides course test audit lint serve lab pyodide clean constraints
.NOTPARALLEL: # one environment: nothing is installed while a chapter runs (the work itself uses all cores)

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

book: .venv/ready ## build the site into _build/html, executing the chapters that changed
	@$(BIN)/python workshop/build.py

pdf: .venv/pdf book ## print the book and each of its chapters into _build/pdf
	@$(BIN)/python workshop/pdf.py

slides: .venv/pdf book ## build the decks and the handout into _build/html/slides, as pages and as PDF
	@$(BIN)/python workshop/slides.py

course: .venv/course book ## make the problem sets, the instructor's edition and the grader's folder in _build/course
	@$(BIN)/python workshop/course/build.py

test: .venv/test book slides ## build the book, then run every test this machine can run but those of the next line
	@$(PYTEST) --doctest-modules -m "not every_page"

audit: .venv/test book ## open every page in a browser, wide and narrow, light and dark: its size, what is cut off, who is kept out
	@$(PYTEST) -m every_page tests/book

lint: .venv/test ## check types, the style of the code and of the chapters' cells, the workflows, the citation file
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python workshop/cells.py
	@$(BIN)/actionlint .github/workflows/*.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff

serve: book ## build, then show the site on this machine only
	@echo "The book is at http://127.0.0.1:$(PORT)  (Ctrl-C stops)"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

lab: .venv/lab ## open the chapters as notebooks in JupyterLab
	@$(BIN)/jupyter lab --config=workshop/jupyter_lab_config.py

pyodide: .venv/ready ## fetch what the Run buttons need (77 MB, checked) into .cache; the next `make book` adds them
	@$(BIN)/python workshop/fetch_pyodide.py

clean: ## remove the site and the chapters' outputs, keep the environment
	rm -rf _build .cache

constraints: ## renew constraints.txt: the newest versions that pyproject.toml allows
	@$(PYTHON) workshop/renew_constraints.py

# A stamp says what has been installed whole. While anything is installed, .venv/ready is away:
# an installation that was interrupted starts again from an empty environment.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(if $(CONSTRAINTS),-c $(CONSTRAINTS))

.venv/ready: pyproject.toml $(CONSTRAINTS)
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; $(PYTHON) is " + sys.version.split()[0] + ". Say which to use: make PYTHON=python3.12")'
	@test -e $@ || $(PYTHON) -m venv --clear .venv
	@rm -f $@
	@echo "Installing what the book needs into .venv (a minute or two) ..."
	@$(PIP) -e '.[book]'
	@touch $@

.venv/test: .venv/ready
	@mv .venv/ready .venv/waiting
	@echo "Installing what the tests need into .venv ..."
	@$(PIP) -e '.[book,test,course]'
	@mv .venv/waiting .venv/ready
	@touch $@

.venv/pdf: .venv/ready
	@mv .venv/ready .venv/waiting
	@$(PIP) -e '.[book,pdf]'
	@mv .venv/waiting .venv/ready
	@touch $@

.venv/course: .venv/ready
	@mv .venv/ready .venv/waiting
	@$(PIP) -e '.[book,course]'
	@mv .venv/waiting .venv/ready
	@touch $@

.venv/lab: .venv/ready workshop/lab-settings.json
	@mv .venv/ready .venv/waiting
	@$(PIP) -e '.[book,lab]'
	@mkdir -p .venv/share/jupyter/lab/settings
	@cp workshop/lab-settings.json .venv/share/jupyter/lab/settings/overrides.json
	@mv .venv/waiting .venv/ready
	@touch $@
