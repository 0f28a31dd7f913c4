# Every developer command. `make help` lists them; each step of CI is one target with the same name.
# Needed beforehand: cargo, a C/C++ compiler, make, Python 3.10 or newer with venv. The rest comes from the registries.

PYTHON ?= python3
PY := .venv/bin/python
# Tools from .venv (cmake) stand in where the machine has none.
export PATH := $(PATH):$(CURDIR)/.venv/bin
CARGO_TEST := cargo test --no-fail-fast
# Every part of eca-core at once; the default of users is what the Python and C builds take.
ADAPTERS := eca-adapters/beckn-http,eca-adapters/controller,eca-adapters/kubernetes,eca-adapters/modbus,$\
  eca-adapters/mqtt,eca-adapters/prometheus,eca-adapters/signals,eca-adapters/slurm
FEATURES := --features eca-core/microlp,eca-core/schema,$(ADAPTERS)
MICROLP := -p eca-core --no-default-features --features microlp

# What users install is built in a hurry where only its shape is tested; `make test-release` takes the true profile.
QUICK := CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1

# The steps of `make test`, in this order.
STEPS := lock fmt clippy clippy-microlp licences test-tools test-rust test-microlp docs typing test-python test-readme \
  test-notebooks test-packaging

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z][a-z0-9-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

# ---- set-up ---------------------------------------------------------------------------------------------------------

.PHONY: setup
setup: .venv/.build ## prepare .venv, HiGHS and .cargo/config.toml; afterwards plain cargo commands work too
	@$(PY) tools/highs.py

# make's choice of Python matters only here.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.10 or newer is needed") if sys.version_info < (3, 10) else 0'
	$(PYTHON) -m venv .venv

PIP := $(PY) -m pip install -q --disable-pip-version-check

.venv/.build: tools/requirements-build.txt | .venv/bin/python
	$(PIP) -r $<
	@touch $@

.venv/.demo: tools/requirements-demo.txt .venv/.build
	$(PIP) -r $<
	@touch $@

.venv/.dev: $(wildcard tools/requirements-*.txt) .venv/.build
	$(PIP) -r tools/requirements-dev.txt
	@touch $@

.venv-peers/.ready: tools/requirements-peers.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install -q --disable-pip-version-check -r $<
	@touch $@

.PHONY: dev-setup
dev-setup: .venv/.dev setup ## setup, and all that the tests use

.PHONY: develop
develop: setup ## build the Python module and put it in .venv: `.venv/bin/python -m eca` then runs
	@$(PY) tools/develop.py

.PHONY: clean
clean: ## remove what was built; .venv and .highs stay
	cargo clean
	rm -rf out eca-py/python/eca/_eca.*so

# ---- what people run first ------------------------------------------------------------------------------------------

.PHONY: demo
demo: .venv/.demo develop ## a day of a two-region operator from signals to evidence; files in out/demo
	@$(PY) -m eca demo

.PHONY: demo-shadow
demo-shadow: setup ## a day of eca-controller in shadow mode; files in out/live/shadow
	cargo run -q -p eca-adapters --features controller --bin eca-controller -- examples/live/shadow.toml

# Real data, read in place.
DATA ?= $(or $(ECA_TEST_DATA),../shared/data)

.PHONY: phoenix
phoenix: .venv/.demo develop ## a published event of 256 GPUs replayed beside four policies; table and plot in out/phoenix
	@$(PY) -m benches.phoenix.run $(DATA)/phoenix out/phoenix

.PHONY: demo-network
demo-network: setup ## three agents over HTTP, from question to audit; log, trust file and report in out/demo-network
	@cargo run -q -p eca-examples --example deg_network -- --out out/demo-network

.venv/.live: tools/requirements-live.txt .venv/.build
	$(PIP) -r $<
	@touch $@

.PHONY: demo-live-loop
demo-live-loop: .venv/.live setup ## a day of the loop on Modbus and MQTT with one event sold; needs mosquitto; out/demo-live-loop
	@cargo run -q -p eca-examples --example live_loop -- --python $(CURDIR)/$(PY) --out out/demo-live-loop

# ---- checks ---------------------------------------------------------------------------------------------------------

.PHONY: test
test: dev-setup ## all tests and lints: what CI runs
	@$(PY) tools/run_steps.py $(STEPS)

.PHONY: check
check: test ## the same as test

.PHONY: test-slow
test-slow: dev-setup ## the same tests with larger counts, and the release packages
	@ECA_TEST_SCALE=large $(PY) tools/run_steps.py $(STEPS) test-release

.PHONY: lint
lint: dev-setup ## the steps that compile no tests
	@$(PY) tools/run_steps.py lock fmt clippy clippy-microlp licences docs typing

.PHONY: lock
lock: setup ## Cargo.lock fits the manifests
	@cargo metadata --locked --format-version 1 > /dev/null

.PHONY: fmt
fmt: ## the form of the Rust sources
	cargo fmt --all --check

.PHONY: fmt-fix
fmt-fix: ## bring the Rust sources into form
	cargo fmt --all

.PHONY: clippy
clippy: setup ## Rust lints, all crates
	cargo clippy --workspace $(FEATURES) --all-targets -- -D warnings

.PHONY: clippy-microlp
clippy-microlp: setup ## Rust lints of eca-core without C++
	cargo clippy $(MICROLP) --all-targets -- -D warnings

.PHONY: test-rust
test-rust: dev-setup ## Rust tests and examples in the documentation; header and schema against the sources
	$(CARGO_TEST) --workspace $(FEATURES)

.PHONY: test-microlp
test-microlp: setup ## the tests of eca-core with the pure-Rust solver and no C++
	$(CARGO_TEST) $(MICROLP)

.PHONY: docs
docs: setup ## Rust documentation, broken links refused; target/doc
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace $(FEATURES) --no-deps

.PHONY: test-python
test-python: dev-setup develop ## Python tests
	$(PY) -m pytest -q eca-py/tests

.PHONY: typing
typing: dev-setup develop ## Python types, the stub against the compiled module, and the types of the tools
	$(PY) -m mypy --config-file eca-py/pyproject.toml eca-py/python/eca
	$(PY) -m mypy.stubtest eca._eca
	MYPYPATH=eca-py/build_backend:tools $(PY) -m mypy --strict --python-version 3.10 --no-warn-unused-ignores \
	  --disable-error-code import-untyped tools eca-py/build_backend

.PHONY: test-readme
test-readme: dev-setup develop ## the programs in README.md, with the output printed there
	$(QUICK) $(PY) tools/readme.py README.md

.PHONY: test-notebooks
test-notebooks: dev-setup develop ## the notebooks, from top to bottom
	$(PY) -m pytest -q --nbmake examples/notebooks

.PHONY: test-tools
test-tools: dev-setup ## the tools of this Makefile, and the judge of the benches
	$(PY) -m pytest -q tools/test_tools.py benches/peers

.PHONY: test-packaging
test-packaging: dev-setup ## the sdist with pip, and the installed C library with pkg-config and CMake
	$(QUICK) $(PY) -m pytest -q tools/test_packaging.py -k "not release"

.PHONY: test-release
test-release: dev-setup ## the packages with HiGHS inside: wheel in an empty environment, C archive
	$(PY) -m pytest -q tools/test_packaging.py -k release

.PHONY: licences
licences: setup ## origin and licences of the Rust dependencies, THIRD_PARTY_NOTICES
	@$(PY) tools/licences.py

.PHONY: header-check
header-check: setup ## include/eca.h against eca-ffi (also part of test-rust)
	cargo test -p eca-ffi --test header

.PHONY: schema-check
schema-check: setup ## the JSON Schemas against eca-core (also part of test-rust)
	cargo test -p eca-core --features schema --test schema

.PHONY: bench
bench: .venv/.demo setup ## ECA and HiGHS on the compact model, to benches/results (resumes; BENCH="--only 200x48x1 --redo")
	@$(PY) benches/bench_engine.py $(BENCH)
	@$(PY) benches/plots.py

.PHONY: bench-peers
bench-peers: .venv-peers/.ready setup ## linopy, Pyomo, PuLP, cvxpy, OR-Tools and PyPSA beside ECA, to benches/results
	@.venv-peers/bin/python benches/bench_peers.py $(BENCH)
	@.venv-peers/bin/python benches/plots.py

.PHONY: bench-micro
bench-micro: setup ## small repeated timings; results in target/criterion
	cargo bench -p eca-benches

.PHONY: mutants
mutants: dev-setup ## plant each fault of tools/mutants/ and see a test go red (about 15 minutes)
	@$(PY) tools/mutants.py

# ---- generated files ------------------------------------------------------------------------------------------------

.PHONY: header
header: setup ## write include/eca.h again
	ECA_UPDATE=1 cargo test -q -p eca-ffi --test header

.PHONY: schema
schema: setup ## write the JSON Schemas again
	ECA_UPDATE=1 cargo test -q -p eca-core --features schema --test schema

.PHONY: notices
notices: setup ## write THIRD_PARTY_NOTICES again
	@$(PY) tools/licences.py --write

# ---- packages -------------------------------------------------------------------------------------------------------

PREFIX ?= out/c
HIGHS ?= shared
PROFILE ?= release

.PHONY: wheel
wheel: setup ## a wheel with HiGHS inside, in out/dist (compiles HiGHS once: minutes)
	@$(PY) tools/release.py wheel

.PHONY: sdist
sdist: setup ## the source package for pip, in out/dist
	@$(PY) tools/release.py sdist

.PHONY: install-c
install-c: setup ## the C library; PREFIX=out/c HIGHS=shared|static PROFILE=release|dev
	@$(PY) tools/release.py install-c --prefix "$(PREFIX)" --highs $(HIGHS) --profile $(PROFILE)

.PHONY: dist-c
dist-c: setup ## the C library with HiGHS inside, as an archive in out/dist
	@$(PY) tools/release.py dist-c
