# make run   start the app with its demo book
# make test  run every test, the browser journeys in a real Chromium among them
# make search try at random what the tests try a little of, at length: every night
# make lint  check style, types and who imports whom
# make check lint and test
# make bench time the program on a book of 1,000,000 customers (make bench SIZE=10000: a small one)
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SIZE ?= 1000000

.PHONY: run test search lint check bench

run: $(INSTALLED)
	$(BIN)/python -m fpcore start

test: $(INSTALLED)
	$(BIN)/python -m pytest

search: $(INSTALLED)
	$(BIN)/python -m pytest --hypothesis-profile=search -m "hypothesis or search"

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/ty check --python $(VENV)
	$(BIN)/lint-imports

check: lint test

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks --size $(SIZE)

$(INSTALLED): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Python 3.11 or newer is needed: make PYTHON=python3.12 $(MAKECMDGOALS)'; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@
