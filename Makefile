# Two commands do everything on a fresh machine with Python 3.11 and make: `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: install demo test test-fast docs fuzz mutants check lint types layers requirements clean

install: $(STAMP)

$(STAMP): requirements/dev.txt requirements/uv.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/uv.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch $(STAMP)

# SERVE=0 leaves the service out at the end.
demo: install
	$(BIN)/riskml demo $(if $(filter 0,$(SERVE)),--no-serve)

test: install
	$(BIN)/python -m pytest -q -n 2

# Parts by themselves, for daily work: under 90 seconds on two free cores.
test-fast: install
	$(BIN)/python -m pytest -q -n 2 -m unit

# Renews everything that is generated: dictionaries, settings, OpenAPI and golden files. Read what changed.
docs: install
	RISKML_GOLDEN=write $(BIN)/python -m pytest -q -m golden

# Changes the rules at random, 300 times, and prints how many changes a test notices (up to 40 minutes).
mutants: install
	$(BIN)/python tests/mutants.py

# Sends 10,000 malformed bodies and as many requests by the OpenAPI; `make test` sends a few hundred.
fuzz: install
	RISKML_FUZZ=10000 $(BIN)/python -m pytest -q tests/serving/api/test_fuzz.py

lint: install
	$(BIN)/codespell $(shell git ls-files 2>/dev/null)
	$(BIN)/ruff check src serving tests
	$(BIN)/ruff format --check src serving tests
	$(BIN)/python tests/dialect.py

types: install
	$(BIN)/mypy

layers: install
	$(BIN)/lint-imports

check: lint types layers test

# Pins every package for every platform; no index address is written.
requirements: install
	$(BIN)/uv pip compile pyproject.toml --extra devtools --extra gsoep --extra otel --extra serve --group dev --universal --python-version 3.11 \
	  --no-header --no-annotate --no-emit-index-url --output-file requirements/dev.txt
	cp requirements/dev.txt requirements/serve.txt  # the same versions: the file written over is preferred
	$(BIN)/uv pip compile pyproject.toml --extra otel --extra serve --universal --python-version 3.11 \
	  --no-header --no-annotate --no-emit-index-url --output-file requirements/serve.txt

clean:
	rm -rf $(VENV) demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis mutants
