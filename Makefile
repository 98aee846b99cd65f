# Every environment is made from a hashed lock, and made again when the lock changes.
# `make clean setup PYTHON=python3.13` chooses another Python; `make TARGET ARGS="..."` passes words on to its program.
PYTHON ?= python3
EDGE := .venv/edge/.made
FULL := .venv/full/.made
# Other people's runners, for those who hold ours against them: nothing else needs it.
PEERS := .venv/peers/.made
DEPLOY := .venv/deploy/.made
DOCS := .venv/docs/.made
# The older runtime, tflite-runtime, has no wheel for Python 3.12 and later.
LEGACY := $(shell $(PYTHON) -c 'import sys; print(".venv/legacy/.made" if sys.version_info[:2] == (3, 11) else "")' 2>/dev/null)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test train convert models bench faults soak lint format check docs docs-check check-edge check-peers test-pi deploy status wheel lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(EDGE) $(FULL) $(LEGACY) ## make every environment: .venv/edge to run, .venv/full to train, convert and test

# Ctrl-C is how a person ends it: no matter for a complaint from make.
run: $(EDGE) ## watch the first camera, else a demo (ARGS="demo --frames 20", ARGS="--help"); installs no TensorFlow
	@trap : INT; .venv/edge/bin/catdog run $(ARGS) || test $$? -eq 130

test: $(FULL) $(LEGACY) ## run the tests (ARGS="tests/edge -k fit")
	.venv/full/bin/python -m pytest $(ARGS)

train: $(FULL) ## train a network on folders of photos (DATA="photos" ARGS="--epochs 5")
	.venv/full/bin/python -m train $(DATA) $(ARGS)

convert: $(FULL) ## turn a Keras model into .tflite files (MODEL=models/NAME.keras DATA="photos")
	.venv/full/bin/python -m convert $(MODEL) $(if $(DATA),--calibration $(DATA)) $(ARGS)

models: $(FULL) ## make the shipped models again (DATA="photos" ARGS="--judge more --weights DIR"; ARGS="--help")
	.venv/full/bin/python scripts/make_models.py $(DATA) $(ARGS)

# Where MediaPipe cannot be installed, its row is left out.
bench: $(FULL) ## measure this machine, beside others' runners, into docs/benchmarks.md (DATA="photos", ARGS="--quick")
	-@$(MAKE) --no-print-directory $(PEERS)
	.venv/full/bin/python scripts/benchmarks.py $(DATA:%=--data %) $(ARGS)
	.venv/full/bin/python scripts/figures.py

faults: $(FULL) ## 1,000 drop-outs of cameras on this machine, and 100 hung reads (20 minutes)
	CATDOG_DROPOUTS=1000 CATDOG_HANGS=100 .venv/full/bin/python -m pytest tests/edge/test_faults.py $(ARGS)

soak: $(FULL) ## a day of frames as fast as they go: does memory grow? (an hour or two; ARGS="--frames 100000")
	.venv/full/bin/python -m tests.bench.soak $(ARGS)

lint: $(FULL) ## ruff and mypy --strict
	.venv/full/bin/ruff check && .venv/full/bin/ruff format --check && .venv/full/bin/mypy

format: $(FULL) ## put the code into ruff's format, and mend what ruff can mend
	.venv/full/bin/ruff check --fix; .venv/full/bin/ruff format

check: lint test check-edge ## all that must pass before a change goes in

docs: $(DOCS) ## make a small site of the pages, build/docs/index.html (needs 115 MB more)
	.venv/docs/bin/sphinx-build -q -W -c docs -b html . build/docs $(ARGS)
	@echo '<meta http-equiv="refresh" content="0; url=docs/README.html">' > build/docs/index.html

docs-check: $(FULL) ## see that the pages tell the truth: every command, option, link, and the reference
	.venv/full/bin/python -m pytest tests/docs $(ARGS)

check-edge: wheel ## prove that the wheel works alone, in a fresh environment without TensorFlow
	PYTHON=$(PYTHON) scripts/check-edge dist/catdog_edge-*.whl

check-peers: $(FULL) $(PEERS) ## see that MediaPipe understands our model files (installs it: 650 MB)
	.venv/full/bin/python -m pytest tests/convert/test_mediapipe.py

test-pi: $(FULL) ## build and boot an emulated Raspberry Pi, and do with it what users do (as root; an hour or more, in as many goes as you like; ARGS="--clip pet.mp4", ARGS="--fresh")
	.venv/full/bin/python -m tests.pi $(ARGS)

deploy: $(DEPLOY) ## put it on boards and keep it there (HOST="pi@raspberrypi.local ..." ARGS="--source 0")
	.venv/deploy/bin/python -m edge.deploy push $(HOST) $(ARGS)

status: $(DEPLOY) ## say what boards are, what they run, and how that does (HOST="pi@raspberrypi.local ...")
	.venv/deploy/bin/python -m edge.deploy status $(HOST) $(ARGS)

wheel: $(EDGE) ## build dist/catdog_edge-VERSION-py3-none-any.whl
	rm -rf dist && .venv/edge/bin/hatchling build -t wheel

lock: $(FULL) ## resolve requirements/*.in afresh into hashed locks (ARGS="--upgrade")
	scripts/make-locks .venv/full/bin/uv $(ARGS)

clean: ## remove environments, caches and built files; trained models stay
	rm -rf .venv .cache dist build *.egg-info && find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/edge/.made: requirements/device.txt requirements/build.txt
.venv/full/.made: requirements/dev.txt
.venv/deploy/.made: requirements/deploy.txt
.venv/docs/.made: requirements/docs.txt requirements/build.txt
.venv/peers/.made: requirements/peers.txt requirements/build.txt
.venv/legacy/.made: requirements/legacy.txt requirements/build.txt
.venv/%/.made:
	@scripts/make-venv $(PYTHON) $(@D) $^
