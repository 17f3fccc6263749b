# On a fresh machine with Python 3.11 and make, two commands do everything: `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# Images of containers often set this variable. Then each process compiles all packages again: five seconds for the service.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install demo test test-fast docs bundle fuzz machine kills mutants sbom audit check lint types layers compile requirements clean

install: $(STAMP)

$(STAMP): requirements/dev.txt requirements/uv.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/uv.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch $(STAMP)

# With SERVE=0, the demo does not start the service at the end.
demo: install
	$(BIN)/riskml demo $(if $(filter 0,$(SERVE)),--no-serve)

# Runs all tests: in four processes on two cores, since many tests wait for other processes, databases and browsers.
test: install
	$(BIN)/python -m pytest -q -n 4 --dist worksteal

# Runs only the unit tests, for daily work: under 90 seconds on two free cores.
test-fast: install
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m unit

# Regenerates all generated files: dictionaries, settings, OpenAPI and golden files. Review the changes afterwards.
docs: install
	RISKML_GOLDEN=write $(BIN)/python -m pytest -q -m golden

# Trains the bundle in models/ again, after a change to the policy or its features, and signs it with a key made for it.
bundle: install
	mkdir -p build && rm -rf build/county build/released.key*
	$(BIN)/riskml simulate build/county --households 5000 --months 60 --seed 1 --income mixed
	$(BIN)/riskml train build/county --out models/simulated-county-1 --income-age 18 --refit
	$(BIN)/riskml keys create build/released.key
	$(BIN)/riskml sign models/simulated-county-1 --key build/released.key
	mv build/released.key.pub serving/riskml_serving/base
	rm build/released.key

# Makes 300 random changes to the code of the rules and prints how many of them the tests catch (up to 40 minutes).
mutants: install
	$(BIN)/python tests/mutants.py

# Sends malformed bodies, and requests and sequences of requests generated from the OpenAPI description, REQUESTS in all,
# and can be interrupted and resumed; see build/fuzz.json.
REQUESTS ?= 20000
fuzz: install
	$(BIN)/python tests/campaigns/slices.py fuzz --total $(REQUESTS) --size 1000 $(if $(REPORT),--report $(REPORT))

# Compares the service with an independent model of its rules for STEPS steps in all; can be interrupted and resumed; see
# build/machine.json.
STEPS ?= 20000
machine: install
	$(BIN)/python tests/campaigns/slices.py machine --total $(STEPS) --size 5000 $(if $(REPORT),--report $(REPORT))

# Kills the service KILLS times in all while it writes, half of them on each database; see build/kills.json.
KILLS ?= 40
kills: install
	$(BIN)/python tests/campaigns/slices.py kills --total $(KILLS) --size 10 $(if $(REPORT),--report $(REPORT))

# Tools for the two targets below, in an environment of their own.
TOOLS := $(VENV)-audit
$(TOOLS)/.installed: requirements/audit.txt $(STAMP)
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(TOOLS)
	$(BIN)/uv pip install --quiet --python $(TOOLS)/bin/python -r requirements/audit.txt
	touch $@

# Writes the bill of materials of the service's pinned packages (CycloneDX) to build/sbom.json.
sbom: $(TOOLS)/.installed
	mkdir -p build
	$(TOOLS)/bin/cyclonedx-py requirements requirements/serve.txt --output-reproducible --of JSON -o build/sbom.json

# Looks up those packages in a database of known vulnerabilities; fails unless every one could be looked up.
audit: $(TOOLS)/.installed
	$(BIN)/python tests/audit.py $(TOOLS)/bin/pip-audit

lint: install
	$(BIN)/codespell $(shell git ls-files 2>/dev/null)
	$(BIN)/ruff check src serving tests
	$(BIN)/ruff format --check src serving tests
	$(BIN)/python tests/dialect.py

types: install
	$(BIN)/mypy

layers: install
	$(BIN)/lint-imports

# Compiles modules and tests, and riskml's loops on a small county; otherwise each process of the tests would compile them.
compile: install
	$(BIN)/riskml simulate build/first --households 60 --months 36 --seed 1
	$(BIN)/riskml score models/simulated-county-1 build/first --as-of 2022-12-31 --explain --out build/first.parquet
	$(BIN)/python -m pytest --collect-only -q > build/tests.txt || (grep -v :: build/tests.txt; exit 1)

check: lint types layers test

# Pins every package for every platform, with the hashes of its files, without writing index addresses.
PIN := $(BIN)/uv pip compile --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url --generate-hashes
requirements: install
	$(PIN) pyproject.toml --extra cluster --extra devtools --extra gsoep --extra otel --extra serve --group dev --output-file requirements/dev.txt
	cp requirements/dev.txt requirements/serve.txt  # keeps the versions the same, because uv prefers those in an existing output file
	$(PIN) pyproject.toml --extra cluster --extra otel --extra serve --output-file requirements/serve.txt
	printf 'cyclonedx-bom\npip-audit\n' | $(PIN) - --output-file requirements/audit.txt
	printf 'uv\n' | $(PIN) - --output-file requirements/uv.txt

clean:
	rm -rf $(VENV) $(TOOLS) demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis mutants
