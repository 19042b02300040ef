# Everything a developer types. `make help` prints the lines that carry ##.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.DELETE_ON_ERROR:

PY := .venv/bin/python
READY := .venv/.installed
READY_DEV := .venv/.installed-dev
READY_BENCH := .venv-bench/.installed
WORDS := translations/vi/LC_MESSAGES/messages.mo
PO := $(wildcard translations/vi/*.po)

# What to test (make test TESTS=tests/exports), with how many processes, and what else to tell pytest
TESTS ?= tests
WORKERS ?= 2
ARGS ?=
LOOK ?= instance/look

.PHONY: help run test soak check lock format words bench look clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(READY) words ## Start the portal at http://localhost:8000 (PORT=… changes the port); Ctrl-C ends it
	@exec $(PY) -m portal.serving

test: $(READY_DEV) words ## Run the whole test suite (TESTS=tests/exports for a part, ARGS=… for pytest)
	@exec $(PY) -m pytest -n $(WORKERS) $(ARGS) $(TESTS)

soak: $(READY_DEV) words ## Send to 10,000 with sixty kills on both databases, where the suite sends to 600
	@SOAK=1 exec $(PY) -m pytest -n $(WORKERS) -rP $(ARGS) tests/notices/test_many_kills.py

check: $(READY_DEV) words ## Format, lint, types, imports, translations, tests
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports --no-cache
	$(PY) -m portal.words check
ifneq ($(strip $(TESTS)),)
	@$(MAKE) test
endif

format: $(READY_DEV) ## Format the code and mend what can be mended by itself
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

# What the portal is measured beside has an environment of its own, made only where it is needed
bench: $(READY_DEV) words $(if $(BENCH),$(if $(filter notices,$(BENCH)),$(READY_BENCH)),$(READY_BENCH)) ## Run the benchmarks, as ratios against their limits (BENCH=notices runs one)
	@exec $(PY) -m benchmarks $(BENCH)

look: $(READY_DEV) words ## Photograph every page, in both languages, light and dark, wide and narrow (LOOK=folder)
	@exec $(PY) -m tests.browser.look $(LOOK)

words: $(WORDS) ## Compile the translations

# The folder counts too, so that a removed file is noticed
$(WORDS): $(PO) translations/vi | $(READY)
	@$(PY) -m portal.words compile

lock: $(READY_DEV) ## Lock the requirements, with hashes, for every system with Python 3.11 or newer
	$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  requirements.in -o requirements.txt
	$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  -c requirements.txt requirements-dev.in -o requirements-dev.txt
	$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  requirements-bench.in -o requirements-bench.txt

clean: ## Remove what was installed and compiled; people and data in instance/ stay
	rm -rf .venv .venv.lock .venv-bench .pytest_cache .mypy_cache .ruff_cache .hypothesis translations/*/LC_MESSAGES
	find portal tests benchmarks migrations -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

$(READY): requirements.txt
	@bin/install requirements.txt $@

$(READY_DEV): requirements-dev.txt
	@bin/install requirements-dev.txt $@
	@touch $(READY) # they hold all of requirements.txt (tests/rules/test_requirements.py)

$(READY_BENCH): requirements-bench.txt | $(READY_DEV)
	@echo "Installing requirements-bench.txt into .venv-bench (once)"
	@$(PY) -m venv --clear .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r $<
	@touch $@
