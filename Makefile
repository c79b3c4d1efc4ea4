# Python >= 3.11 with venv and pip is all that is needed; everything else comes from the lock file.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
JSONATA := $(VENV)/jsonata/.ready

.DEFAULT_GOAL := help
.PHONY: help install torch demo stop test soak chaos mutants check lint types contracts docs docs-serve bench lock clean

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): requirements-dev.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

install: $(READY) ## Make the virtual environment .venv with everything in it

torch: $(READY) ## Add PyTorch, for the tests that convert language models (of several GB, where pip has its CUDA build)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-torch.lock

demo: $(READY) ## A checkpoint lands and is serving, on this machine (KEEP=1 leaves it running)
	@$(BIN)/python -m aftertrain.local.demo $(if $(KEEP),--keep)

stop: $(READY) ## End what KEEP=1 left running
	@$(BIN)/python -m aftertrain.local.demo --stop

$(JSONATA): $(READY) tests/property/reference.py
	$(BIN)/python -m tests.property.reference
	@touch $(JSONATA)

test: $(READY) $(JSONATA) ## Every test
	$(BIN)/pytest -n 2 --dist loadfile

soak: $(READY) $(JSONATA) ## The random tests with TIMES as many cases (20 if it is not said), which takes hours
	TIMES=$(or $(TIMES),20) $(BIN)/pytest -n 2 --dist worksteal tests/property tests/unit/compiler/test_crossing.py

chaos: $(READY) ## 1,000 events while functions and the worker are killed at random (SEED=2 takes other dice)
	$(BIN)/python -m tests.chaos

mutants: $(READY) $(JSONATA) ## A sample of mutants that the tests near them must notice (COUNT=24, SEED=1)
	$(BIN)/python -m tests.mutants

check: lint types contracts test ## Lint, types, import contracts and every test

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

contracts: $(READY)
	PYTHONPATH=. $(BIN)/lint-imports --no-cache

docs: $(READY) ## Build the docs as a site; every warning is an error
	$(BIN)/sphinx-build -W --keep-going -E -q -j 2 -b html docs docs/_build/html
	@echo "docs/_build/html/index.html is ready"

docs-serve: docs ## Show the docs on a free port of this machine (PORT=8000 takes that one)
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory docs/_build/html $(or $(PORT),0)

bench: $(READY) ## Measured comparisons, side by side in one run
	$(BIN)/python -m tests.bench

lock: $(READY) ## Pin the dependencies again
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --extra dev pyproject.toml -o requirements-dev.lock
	$(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --extra lambda pyproject.toml -o requirements-lambda.lock

clean: ## Remove what was built here
	rm -rf $(VENV) docs/_build cdk.out .aftertrain .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
