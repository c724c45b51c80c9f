# Needs Python 3.11 or newer, a C++ compiler and make; everything else goes into .venv.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# Tests run side by side, a process for each core with its share of the threads; those marked alone run after them.
PYTEST := $(BIN)/python -m pytest
BESIDE := $(PYTEST) -n auto --dist worksteal

.PHONY: demo test slow check core install clean
.DEFAULT_GOAL := help

help:                ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

demo: $(STAMP)       ## train on the Python library's own source and watch it learn (3 minutes)
	@$(BIN)/throughtime demo generate

test: $(STAMP)       ## run the tests
	@$(BESIDE) -m 'not slow and not alone'; beside=$$?; $(PYTEST) -m 'alone and not slow' && exit $$beside

slow: $(STAMP)       ## run the tests that take minutes
	@$(BESIDE) -m 'slow and not alone'; beside=$$?; $(PYTEST) -m 'slow and alone' && exit $$beside

check: $(STAMP)      ## format, lint, types, house rules: what CI runs too
	@$(BIN)/python scripts/check

core: $(STAMP)       ## the C++ core: its style, its tests under sanitizers and on emulated 64-bit ARM
	@$(BIN)/python scripts/native format --check
	@$(BIN)/python scripts/native sanitize
	@$(BIN)/python scripts/native neon

install: $(STAMP)    ## set up .venv

clean:               ## remove .venv and everything that was built
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis

$(STAMP): pyproject.toml constraints.txt $(wildcard native/CMakeLists.txt native/src/* native/src/*/*)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "throughtime needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) (the first time this fetches PyTorch and takes some minutes)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@$(BIN)/python -c 'from throughtime.kernels.native import unavailable; print(end=unavailable() and f"note: no native core: {unavailable()}\n" or "")'
	@touch $(STAMP)
