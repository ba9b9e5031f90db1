# Every target can be repeated; what is done is not done again.

# The first Python that is new enough.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
# Types that another clone has checked are not checked again.
export MYPY_CACHE_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/pincite/mypy
# Where an image forbids it, each start of Python would compile two thousand modules again.
export PYTHONDONTWRITEBYTECODE :=
# Each core takes groups of tests that share what they have prepared (tests/conftest.py), in its order.
TESTS = $(BIN)/python -m pytest --numprocesses logical --dist loadgroup --no-loadscope-reorder

.PHONY: help setup run test check bench lock licences commands messages clean python wheel image images
.DEFAULT_GOAL := help

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup ## prepare everything, then open the app in the browser
	@$(BIN)/pincite app

setup: python ## environment, default models, sample company; COMPILE=1 compiles llama.cpp for this processor
	@$(PYTHON) scripts/set_up.py $(EXTRAS)

test: EXTRAS := dev
test: wheel ## prepare everything, then run all checks and all tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(TESTS) --durations 30

check: EXTRAS := dev
check: wheel ## the quick half of `make test`, for use while working
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(TESTS) -m "not slow and not browser"

wheel: EXTRAS := dev
wheel: setup ## build sdist and wheel into dist/, without a network, and check them
	rm -rf dist
	$(BIN)/uv build --quiet --offline --no-build-isolation --python $(BIN)/python
	$(BIN)/check-wheel-contents dist
	$(BIN)/twine check --strict dist/*

# HEALTHCHECK is a matter of docker's format of images alone.
image: ## build the container of the app; EXTRAS and BASE as in docs/install.md
	podman build --format docker -t pincite \
		$(if $(EXTRAS),--build-arg EXTRAS=$(EXTRAS)) $(if $(BASE),--build-arg BASE=$(BASE)) .

images: image ## build those of nginx and PostgreSQL, too
	for part in proxy database; do podman build --format docker -t pincite-$$part --target $$part \
		$(if $(BASE),--build-arg BASE=$(BASE)) . || exit 1; done

lock: ## write requirements/ anew: with UPGRADE=--upgrade at the newest versions
	$(BIN)/python scripts/lock.py $(UPGRADE)

licences: ## write docs/licences.md anew
	$(BIN)/python scripts/licences.py

commands: ## write docs/commands.md anew, from the texts of --help
	$(BIN)/python scripts/commands.py

messages: ## take the texts of the app up into its catalogues, and compile them
	$(BIN)/python scripts/messages.py

bench: EXTRAS := dev bench
bench: setup ## measure speed and quality beside the plain LangChain pipeline (some hours)
	for part in search.retrieval answering.answers answering.citations reading.formats reading.robust_pdfs reading.ocr \
			tools.speech reading.ledger reading.ingestion search.search_speed answering.chat_speed tools.routing \
			tools.enhancing tools.speaking tools.drawing tools.painting search.scale faults.crash; do \
		$(BIN)/python -m benchmarks.$$part || exit 1; done

clean: ## remove the environment and what the tools keep; models and libraries stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache

python:
	@test -n "$(PYTHON)" || { echo "Pincite needs Python 3.11 or newer, and none was found."; exit 1; }
