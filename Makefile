# Everything a fresh machine needs: Python 3.11+ and, for the compiled kernel, a C compiler.
#   make quote   set up, build, and quote the demo market of the embedded exchange
#   make test    every test, on the working tree and on the installed wheel
#   make sdk     the environment of polymarket-client, for its contract test
#   make check   format, lint, types, layers, stubs, packages
#   make bench   the benchmarks, peers beside ours
#   make docs    write the generated pages again

PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
# A second environment that holds nothing but the wheel and what tests need.
WHEELS  = $(VENV)/wheel
# And one for the official client that does not go together with the rest: it pins other versions of websockets.
SDK     = $(VENV)/sdk
DURATION ?= 20
# The modules whose stubs are written by hand.
STUBS   = $(subst /,.,$(basename $(wildcard pmm/_fast/*.pyi)))
SOURCES = pyproject.toml setup.py $(wildcard pmm/_fast/*.pyx pmm/_fast/*.pxd pmm/_fast/*.h)

.PHONY: quote test test-tree test-wheel sdk check bench docs clean

quote: $(VENV)/.run
	$(BIN)/pmm version
	$(BIN)/pmm quote --market demo --dry-run --duration $(DURATION) --seed 7

test: test-tree test-wheel

test-tree: $(VENV)/.test
	$(BIN)/python -m pytest

# From a copy of the tests, so that nothing but the installed package can be imported.
test-wheel: $(WHEELS)/.test
	rm -rf build/wheel-tests && mkdir -p build/wheel-tests
	cp -R pyproject.toml README.md .env.example docs examples tests build/wheel-tests/
	cd build/wheel-tests && $(abspath $(WHEELS))/bin/python -m pytest -m "not tree"

sdk: $(SDK)/.done

check: $(VENV)/.check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m mypy.stubtest $(STUBS)
	$(BIN)/python -m build --outdir build/dist
	$(BIN)/python tests/support/packages.py build/dist

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks

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

$(VENV)/.check: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --editable '.[check]'
	touch $@ $(VENV)/.test

$(SDK)/.done:
	$(PYTHON) -m venv $(SDK)
	$(SDK)/bin/python -m pip install --quiet polymarket-client==0.14.0
	touch $@

$(VENV)/.bench: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	touch $@
