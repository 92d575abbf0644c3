# Two commands do everything on a fresh clone: `make demo` and `make test`.
# They need Python 3.11 or newer (with venv) and make.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
NEWEST := .venv-newest

# Where it is set, every command of a test and of the demo would compile its modules anew: half a second each.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test test-all test-newest test-nightly requirements clean lint format findings docs release-check peers

demo: $(VENV)/.demo
	@$(BIN)/python -m demo $(PHOTOS)

test: $(VENV)/.dev lint
	$(BIN)/pytest -n 2 --dist worksteal -m "not fuzz and not thorough and not slow"

# What `make test` leaves out for time: slow tests, fuzzing, long journeys on the embedded AWS, Lambda's own runtime client
# on the functions' zips (Linux), real photos, the documentation as a site, the gallery in a Chromium (skipped where
# none is installed).
test-all: $(VENV)/.dev $(VENV)/.thorough $(VENV)/.docs test-newest
	$(BIN)/pytest -n 2 --dist worksteal -m "(fuzz or thorough or slow) and not nightly"

# What takes too long for every change: the same bytes on an emulated arm64 for many pictures, recipes and marks
# (skipped without Debian's qemu-user-static).
test-nightly: $(VENV)/.dev $(VENV)/.thorough
	$(BIN)/pytest -n 2 --dist worksteal -m nightly

# The tests in process once more beside the newest boto3: the embedded AWS pins an older one.
test-newest: $(NEWEST)/.installed
	$(NEWEST)/bin/pytest -n 2 --dist worksteal -m "not fuzz and not thorough and not local" \
		tests/unit/aws tests/unit/pipeline tests/unit/operations tests/aws tests/cli

# Programs from npm that judge our copies (ExifTool 13.59, sharp with libvips 8.18); without them their tests are skipped.
peers: .peers/.installed

.peers/.installed: Makefile
	npm install --silent --no-audit --no-fund --no-package-lock --prefix .peers exiftool-vendored.pl@13.59.3 sharp@0.35.5
	@touch $@

# Coverage-guided, for a bounded time; needs a wheel of atheris for this Python (3.11 has one).
FUZZ_SECONDS ?= 60
fuzz: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/fuzz.txt
	$(BIN)/python -m tests.fuzz.target --seconds $(FUZZ_SECONDS)

# The documentation as a site, in docs/_build/html; warnings are errors.
docs: $(VENV)/.docs
	$(BIN)/python -m docs.make_site

# Wheel and sdist as a release would upload them, into dist/: their metadata, the wheel that the sdist makes, and
# `make demo` from the wheel in an environment of its own, outside the checkout.
release-check: $(VENV)/.dev $(VENV)/.release
	$(BIN)/python -m tests.release_check

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m tests.lint_template

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Without Debian's python3-venv package `python3 -m venv` cannot run ensurepip; the message says so itself.
$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: requirements/demo.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/demo.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.thorough: requirements/thorough.txt $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/thorough.txt
	@touch $@

$(VENV)/.docs: requirements/docs.txt $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/docs.txt
	@touch $@

$(VENV)/.release: requirements/release.txt $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/release.txt
	@touch $@

$(NEWEST)/.installed: requirements/newest.txt pyproject.toml
	$(PYTHON) -m venv $(NEWEST)
	$(NEWEST)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/newest.txt
	$(NEWEST)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Hashes and no registry addresses: --no-emit-index-url. Run it after a change of the dependencies.
UV_COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make requirements"

requirements:
	$(UV_COMPILE) pyproject.toml requirements/build.in --extra local --extra dev -o requirements/dev.txt
	$(UV_COMPILE) pyproject.toml requirements/build.in --extra local --extra heic -c requirements/dev.txt -o requirements/demo.txt
	$(UV_COMPILE) --upgrade-package boto3 pyproject.toml requirements/build.in requirements/newest.in --extra dev \
		-o requirements/newest.txt
	$(UV_COMPILE) requirements/fuzz.in -o requirements/fuzz.txt
	$(UV_COMPILE) requirements/thorough.in -c requirements/dev.txt -o requirements/thorough.txt
	$(UV_COMPILE) requirements/docs.in -c requirements/dev.txt -o requirements/docs.txt
	$(UV_COMPILE) requirements/release.in -c requirements/dev.txt -c requirements/docs.txt -o requirements/release.txt
	$(UV_COMPILE) --no-emit-package jmespath --no-emit-package typing-extensions \
		requirements/layer.in -c requirements/dev.txt -o zenoimg/stack/bundle/layer-requirements.txt
	$(UV_COMPILE) --no-emit-package pillow \
		requirements/layer-heic.in -c requirements/dev.txt -o zenoimg/stack/bundle/layer-heic-requirements.txt

# Surprises about other people's software; each script fails when what it describes has changed. No part of CI.
findings:
	@failed=0; for script in findings/*.sh; do \
		if bash $$script >/dev/null 2>&1; then echo "as described  $$script"; else echo "CHANGED       $$script"; failed=1; fi; \
	done; exit $$failed

clean:
	rm -rf $(VENV) $(NEWEST) .peers .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
