# Each target sets up what it needs in .venv; a machine with Python 3.9 to 3.12 and g++ is enough.
# Another interpreter: make demo PYTHON=python3.11

PYTHON ?= python3
BIN := .venv/bin
DATA ?= examples/data/emoji
OUTPUT ?= demo-output

.PHONY: demo test test-all check format clean

# Fine-tune the network that ships with the project on the pictures that do.
demo: .venv/installed
	mkdir -p $(OUTPUT)
	$(BIN)/theano-transfer finetune $(DATA) --output $(OUTPUT)/model.h5

# The tests, the slow ones left out, on several cores. Tests of one module share what they compile:
# each process takes neighbouring ones. One process compiles at a time, for the others too: with one
# more than there are cores, none of those is idle meanwhile.
PROCESSES := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PYTEST := $(BIN)/python -m pytest --numprocesses $(PROCESSES) --maxprocesses 4 --dist worksteal
test: .venv/installed-test
	$(PYTEST)

test-all: .venv/installed-test-all
	$(PYTEST) -m "slow or not slow"

# Style and types, as pre-commit and CI check them.
check: .venv/installed-develop
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/installed-develop
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv build dist *.egg-info demo-output

.venv/created:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 9) <= v <= (3, 12) else \
	  "$(PYTHON) is Python %d.%d; theano_transfer runs on 3.9 to 3.12: try make PYTHON=python3.11" % v)'
	$(PYTHON) -m venv .venv
	touch $@

.venv/installed: .venv/created setup.cfg setup.py
	$(BIN)/pip install --quiet --editable '.[examples]'
	touch $@

.venv/installed-test: .venv/installed
	$(BIN)/pip install --quiet --editable '.[examples,test]'
	touch $@

# Ray, some hundred megabytes, is needed by slow tests alone.
.venv/installed-test-all: .venv/installed-test
	$(BIN)/pip install --quiet --editable '.[examples,test,ray]'
	touch $@

.venv/installed-develop: .venv/installed
	$(BIN)/pip install --quiet --editable '.[examples,test,develop]'
	touch $@
