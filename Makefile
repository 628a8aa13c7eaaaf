# Two commands are enough: `make demo` to see Tomoni, `make test` to check it.
PORT ?= 8000
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
PO := $(wildcard translations/*/LC_MESSAGES/*.po)

.PHONY: env demo demo-reset test quick check bench messages lint runtime lock

## make demo: everything a visitor needs, then the address
demo: runtime
	@$(BIN)/python tools/demo.py --port $(PORT)

## make demo-reset: start the demo over
demo-reset:
	@rm -rf var/demo && echo "The demo starts over with the next 'make demo'."

## make env: the environment with everything that tests and checks use
env: $(VENV)/.dev $(VENV)/.assets $(VENV)/.messages

runtime: $(VENV)/.runtime $(VENV)/.assets $(VENV)/.messages

## make test: SQLite, a real PostgreSQL, a real browser
test: env
	@$(BIN)/python tools/test.py all

## make quick: the fast checks
quick: env
	@$(BIN)/ruff check -q . && $(BIN)/ruff format -q --check .
	@$(BIN)/lint-imports --no-logo >/dev/null || $(BIN)/lint-imports --no-logo
	@$(BIN)/python tools/test.py quick

## make check: linters, types, contracts, audits, then make test
check: lint test

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/djlint lms --lint --quiet --profile jinja
	$(BIN)/python tools/audit.py
	$(BIN)/lms content check

bench: env
	@for program in pages footprint rights watching withdrawal transcode join; do $(BIN)/python bench/$$program.py || exit 1; done

## make messages: take new texts into the catalogues
messages: env
	$(BIN)/pybabel -q extract -F babel.cfg --no-location --sort-output --omit-header -k _l -k N_ -k lazy_gettext -o translations/messages.pot .
	$(BIN)/pybabel -q update -i translations/messages.pot -d translations -l ja --no-fuzzy-matching --omit-header --ignore-pot-creation-date
	$(BIN)/pybabel -q compile -d translations

## make lock: renew the lock files from pyproject.toml
lock: $(VENV)/.uv
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q --extra postgres --extra s3 -o requirements-s3.lock
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q --extra postgres -c requirements-s3.lock -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q --extra dev -c requirements-s3.lock -o requirements-dev.lock

$(VENV)/.uv: requirements-uv.lock
	@$(PYTHON) -c 'import sys; sys.exit("Tomoni needs Python 3.11 or newer; this is " + sys.version.split()[0] + ".") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python cannot make virtual environments here. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --require-hashes -r requirements-uv.lock
	@touch $@

$(VENV)/.runtime: $(VENV)/.uv requirements.lock pyproject.toml
	@echo "Installing Tomoni ..."
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install -q --require-hashes -r requirements.lock
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	@echo "Installing what tests and checks use ..."
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install -q --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.assets: $(VENV)/.runtime package-lock.json tools/assets.py $(shell find lms -name '*.html' -o -name '*.py' -o -name '*.mjs')
	@$(BIN)/python tools/assets.py --check >/dev/null || $(BIN)/python tools/assets.py --node || { test -x .venv-build/bin/python || $(PYTHON) -m venv .venv-build; .venv-build/bin/python -m pip install -q --require-hashes -r requirements-node.lock; }
	@$(BIN)/python tools/assets.py
	@touch $@

$(VENV)/.messages: $(VENV)/.runtime $(PO)
	@$(BIN)/pybabel -q compile -d translations 2>/dev/null
	@touch $@
