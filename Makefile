# One target per habit; `make help` lists them. Everything lives in .venv; nothing outside this folder is changed.
#
# pip installs torch first, so that Snorkel takes the build that is already there. Where the package index offers only
# the large CUDA build, point pip at an index with CPU builds before `make setup`: PIP_INDEX_URL or PIP_EXTRA_INDEX_URL.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' && echo $$p && break; done)
BIN := .venv/bin
STAMP := .venv/.oreflow-installed
TORCH := torch==2.13.0
DOC_TESTS := $(wildcard tests/docs tests/test_docs*.py tests/test_readme*.py)

.PHONY: help setup run test check slow browser bench clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## / /' | while read -r name what; do printf '%-9s %s\n' "$$name" "$$what"; done

setup: $(STAMP) ## make .venv with everything that Oreflow and its tests need

$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "no Python 3.11, 3.12 or 3.13 found; install one, or say make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "$(PYTHON) is $$($(PYTHON) -V 2>&1); Oreflow needs Python 3.11 to 3.13: make PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || \
		{ echo "$(PYTHON) can't make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

run: setup ## the main job on the embedded default: generated IT-ops tickets, to gold, with a report
	$(BIN)/oreflow refine

test: setup ## the fast suite, with the browser tests where there is a Chromium
	$(BIN)/python -m pytest -m "not slow"

check: setup ## format, lint, types, who may import whom, the docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(if $(DOC_TESTS),$(BIN)/python -m pytest $(DOC_TESTS))

slow: setup ## what needs minutes: a real Prefect server, large tables, crashes
	$(BIN)/python -m pytest -m "slow and not browser"

browser: setup ## the report and the dashboard in a real Chromium
	$(BIN)/python -m pytest -m browser

bench: setup ## replay, labels and the repair of known errors, measured on this machine
	$(foreach script,$(wildcard benchmarks/*.py),$(BIN)/python $(script) &&) true

clean: ## remove caches and build leftovers; the environment and every warehouse stay
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info
	find . -name .venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
