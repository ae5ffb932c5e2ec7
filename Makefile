# Everything that is typed to run, test and measure Tollgate. `make` alone lists it.
PYTHON ?= python3
PORT ?= 8000
DEMO ?= 1
ONLY ?=
ARGS ?=
export PORT DEMO

VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv
UV_VERSION := $(shell sed -n 's/^uv==\([^ ]*\).*/\1/p' requirements-dev.txt)
TEMPLATES := config/ui audit costs governance

.DEFAULT_GOAL := help
.PHONY: help run test check format bench parity figures lock clean

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

run: $(VENV)/run.stamp ## install, fill the demo organisation on the first start (DEMO=0: start empty), serve on PORT (8000)
	@exec $(PY) manage.py serve --end-with-parent

test: $(VENV)/dev.stamp ## run the whole suite: on SQLite with the browser, then on PostgreSQL (ARGS= goes to pytest)
	$(PY) -m pytest -n 3 --dist loadgroup $(ARGS)
	$(PY) -m pytest -n 3 --dist loadgroup --database postgres -m "not browser and not processes" $(ARGS)

check: $(VENV)/dev.stamp ## check style, types, import contracts, templates, migrations and production settings
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) -m djlint --quiet --lint $(TEMPLATES)
	$(PY) manage.py makemigrations --check --dry-run
	DEBUG=0 SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(50))')" \
	  ALLOWED_HOSTS=tollgate.example.org $(PY) manage.py check --deploy --fail-level WARNING

format: $(VENV)/dev.stamp ## rewrite code in the style that `make check` asks for
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: $(VENV)/dev.stamp ## measure, each figure as a ratio to a limit or a peer (ONLY=audit.ledger narrows); writes var/bench.json
	@exec $(PY) -m bench $(if $(ONLY),--only $(ONLY))

parity: $(VENV)/dev.stamp ## put our figures beside evidently's, nannyml's and fairlearn's; writes docs/parity.md
	@exec $(PY) -m tests.parity

figures: $(VENV)/dev.stamp ## replay the flights of 2013 through estimates; writes docs/summer.md and docs/figures/summer.svg
	@exec $(PY) -m tests.summer

lock: $(UV) ## pin and hash requirements.in and requirements-dev.in
	$(UV) pip compile -q --generate-hashes --no-header requirements.in -o requirements.txt
	$(UV) pip compile -q --generate-hashes --no-header requirements-dev.in -o requirements-dev.txt

clean: ## remove what commands made, except the data in var/
	rm -rf $(VENV) staticfiles .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit("Tollgate needs Python 3.11 or newer." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/run.stamp: requirements.txt | $(UV)
	$(UV) pip install --quiet --compile-bytecode --python $(PY) --require-hashes -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/run.stamp | $(UV)
	$(UV) pip install --quiet --compile-bytecode --python $(PY) --require-hashes -r requirements-dev.txt
	@touch $@
