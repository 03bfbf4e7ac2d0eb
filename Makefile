# make quickstart: the whole job on real photos.  make test: linters and tests.  Needs Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Processes that test, each with up to 2.5 GB of memory; a file's tests stay in one of them.
JOBS ?= 2
# One thread in each, unless the caller wants more: threads of two processes that wait for each other cost more than they gain.
test test-quick test-browser lint: export OMP_NUM_THREADS ?= 1
# The examples of all docstrings: part of lint, and so left out of the tests that follow it.
DOCTESTS := tests/docs/test_doctests.py

.PHONY: env quickstart test test-quick test-browser lint types fidelity clean
.DELETE_ON_ERROR:

env: $(VENV)/installed

# Linux has a build of torch without CUDA only where the index offers one; pip takes what is there.
$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info[:2] < (3, 14) else "Python 3.11 to 3.13 is needed, this is " + sys.version.split()[0] + ": make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	@touch $@

quickstart: env
	$(BIN)/glint-data quickstart --out quickstart

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/python -m mkdocs build --strict --quiet --site-dir build/site
	$(BIN)/python -m pytest -q $(DOCTESTS)

types: $(VENV)/installed-test
	$(BIN)/python -m mypy

# what a change wants to know while it is made, beside 'make lint': everything but the slow tests
test-quick: $(VENV)/installed-test
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m 'not slow and not browser' --ignore $(DOCTESTS)

# the pages that people look at, in headless Chromium (Debian: apt-get install chromium)
test-browser: $(VENV)/installed-test
	$(BIN)/python -m pytest -m browser

test: lint
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m 'not browser' --ignore $(DOCTESTS)

fidelity: env
	$(BIN)/python -m benchmarks.fidelity

clean:
	rm -rf $(VENV) build dist *.egg-info quickstart .pytest_cache .ruff_cache .mypy_cache
