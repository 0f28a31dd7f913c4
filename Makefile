# Every developer command. `make help` lists them; each step of CI is one target with the same name.
# Needed beforehand: cargo, a C/C++ compiler, make, Python 3.10 or newer with venv. The rest comes from the registries.

PYTHON ?= python3
PY := .venv/bin/python

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z][a-z0-9-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

# ---- set-up ---------------------------------------------------------------------------------------------------------

.PHONY: setup
setup: .venv/.build ## prepare .venv, HiGHS and .cargo/config.toml; afterwards plain cargo commands work too
	@$(PY) tools/highs.py

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.10 or newer is needed") if sys.version_info < (3, 10) else 0'
	$(PYTHON) -m venv .venv

.venv/.build: tools/requirements-build.txt | .venv/bin/python
	$(PY) -m pip install -q --disable-pip-version-check -r $<
	@touch $@
