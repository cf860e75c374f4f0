# Everything a fresh machine needs: Python 3.11+ and, for the compiled kernel, a C compiler.
#   make quote   set up, build, and quote the demo market of the embedded exchange
#   make test    every test: on the installed wheel, and on the working tree those that are about it
#   make sdk     the environment of polymarket-client, for its contract test
#   make check   format, lint, types, layers, stubs, packages
#   make fuzz    random input for the kernel, FUZZ_SECONDS for each campaign (tests/fuzz/README.md)
#   make campaign  CAMPAIGN_SEEDS runs of faulty market data and two quiet days, judged by the venue's true books, as
#                  many sessions of orders with faults, and CAMPAIGN_KILLS kills of a real process that quotes
#   make anchors published numbers of the literature, reproduced with pmm's own models
#   make tournament  TOURNAMENT_SEEDS markets on which the quoting models trade, compared in pairs
#   make bench   the benchmarks, peers beside ours
#   make docs    write the generated pages again

PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
SIMDJSON = build/simdjson
# A second environment that holds nothing but the wheel and what tests need.
WHEELS  = $(VENV)/wheel
# And one for the official client that does not go together with the rest: it pins other versions of websockets.
SDK     = $(VENV)/sdk
# Real recordings of the venue, where they are; tests that need them are skipped elsewhere.
RECORDINGS ?= $(abspath ../shared/data)
# Tests wait more than they work.
WORKERS ?= 3
DURATION ?= 20
FUZZ_SECONDS ?= 600
FUZZ_SEED    ?= 1
CAMPAIGN_SEEDS ?= 1000
CAMPAIGN_KILLS ?= 200
TOURNAMENT_SEEDS ?= 500
# The modules whose stubs are written by hand.
STUBS   = $(subst /,.,$(basename $(wildcard pmm/_fast/*.pyi)))
SOURCES = pyproject.toml setup.py $(wildcard pmm/_fast/*.pyx pmm/_fast/*.pxd pmm/_fast/*.h)

.PHONY: quote test test-tree test-wheel sdk check fuzz campaign anchors tournament bench docs clean

quote: $(VENV)/.run
	$(BIN)/pmm version
	$(BIN)/pmm quote --market demo --dry-run --duration $(DURATION) --seed 7

test: sdk test-tree test-wheel

# What can only be said of the working tree; everything else is about what users install.
test-tree: $(VENV)/.test
	$(BIN)/python -m pytest -m tree

# From a copy of the tests, so that nothing but the installed package can be imported.
test-wheel: $(WHEELS)/.test
	rm -rf build/wheel-tests && mkdir -p build/wheel-tests
	cp -R pyproject.toml README.md .env.example docs examples tests build/wheel-tests/
	cd build/wheel-tests && PMM_RECORDINGS=$(RECORDINGS) $(abspath $(WHEELS))/bin/python -m pytest -m "not tree" -n $(WORKERS) --dist worksteal

sdk: $(SDK)/.done

check: $(VENV)/.check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m mypy.stubtest $(STUBS)
	mkdir -p build && rm -rf build/dist
	$(BIN)/python -m build --outdir build/dist > build/packages.log 2>&1 || { cat build/packages.log; exit 1; }
	$(BIN)/python tests/support/packages.py build/dist

fuzz: $(VENV)/.test
	$(BIN)/python -m tests.fuzz frames --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED)
	$(BIN)/python -m tests.fuzz books --operations 10000000 --seed $(FUZZ_SEED)
	$(BIN)/python -m tests.fuzz quotes --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED)
	$(BIN)/python -m tests.fuzz native --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED)

campaign: $(VENV)/.test
	$(BIN)/python -m tests.chaos --seeds $(CAMPAIGN_SEEDS)
	$(BIN)/python -m tests.chaos.orders --seeds $(CAMPAIGN_SEEDS)
	$(BIN)/python -m tests.chaos.kills --kills $(CAMPAIGN_KILLS)

anchors: $(VENV)/.test
	$(BIN)/python -m pytest tests/anchors -v --durations=5

tournament: $(VENV)/.test
	$(BIN)/python -m benchmarks.tournament --seeds $(TOURNAMENT_SEEDS)

bench: $(VENV)/.bench $(SIMDJSON)/simdjson.h
	SIMDJSON=$(SIMDJSON) $(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.instructions
	$(BIN)/python -m benchmarks.exchange_http
	$(BIN)/python -m benchmarks.exchange_matching
	$(BIN)/python -m benchmarks.exchange_fanout
	$(BIN)/python -m benchmarks.feed
	$(BIN)/python -m benchmarks.orders
	$(BIN)/python -m benchmarks.kill
	$(BIN)/python -m benchmarks.engine_step
	$(BIN)/python -m benchmarks.allocation

docs: $(VENV)/.test
	$(BIN)/python docs/generate.py

clean:
	rm -rf $(VENV) build dist *.egg-info pmm/_fast/*.so pmm/_fast/*.c

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.run: $(BIN)/python $(SOURCES)
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.test: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@

$(WHEELS)/.test: $(VENV)/.test $(SOURCES) $(shell git ls-files pmm 2>/dev/null)
	mkdir -p build && rm -rf build/wheel
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir build/wheel .
	$(PYTHON) -m venv $(WHEELS)
	$(WHEELS)/bin/python -m pip install --quiet --upgrade pip
	$(WHEELS)/bin/python -m pip install --quiet "$$(ls build/wheel/*.whl)[test]"
	$(WHEELS)/bin/python -m pip install --quiet --no-deps --force-reinstall build/wheel/*.whl  # of the same version
	touch $@

$(VENV)/.check: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --editable '.[check]'
	touch $@ $(VENV)/.test

$(SDK)/.done:
	$(PYTHON) -m venv $(SDK)
	$(SDK)/bin/python -m pip install --quiet polymarket-client==0.14.0
	touch $@

# The C++ of simdjson as pysimdjson packs it, for the line in C.
$(SIMDJSON)/simdjson.h: $(VENV)/.bench
	mkdir -p $(SIMDJSON)
	$(BIN)/python -m pip download --quiet --no-deps --no-binary :all: --dest $(SIMDJSON) pysimdjson==7.0.2
	tar -xzf $(SIMDJSON)/pysimdjson-7.0.2.tar.gz -C $(SIMDJSON) --strip-components=2 pysimdjson-7.0.2/simdjson/simdjson.h pysimdjson-7.0.2/simdjson/simdjson.cpp
	touch $@

$(VENV)/.bench: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	touch $@
