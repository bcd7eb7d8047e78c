# `make help` lists the targets.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 ou plus récent est nécessaire."; exit 1; }
	@$(PYTHON) -m venv --help >/dev/null 2>&1 && $(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Le module venv manque : apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

setup: $(STAMP) ## virtual environment in .venv with pinned dependencies

demo: $(STAMP) ## the whole line on this machine; ONCE=1 ends by itself, LOT=path drops your own
	$(BIN)/python -m tests.tools.demo

pictures: $(STAMP) ## pages in the guides, photographed anew (needs chromium)
	$(BIN)/python -m tests.support.guide_pictures

test: $(STAMP) ## all tests
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(STAMP) ## style, types, import rules, generated code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.tools.proto --check

bench: $(STAMP) ## measured figures (samples through VAGUEMESTRE_SAMPLES)
	$(BIN)/python -m tests.bench

# Another environment, for one with a GPU: make train TRAIN_PYTHON=path/to/python
TRAIN_VENV := .venv-train
TRAIN_PYTHON ?= $(TRAIN_VENV)/bin/python
TRAIN_STAMP := $(if $(filter $(TRAIN_VENV)/%,$(TRAIN_PYTHON)),$(TRAIN_VENV)/.ready,)
MINUTES ?= 90
THREADS ?= 2
REAL_LINES = $(if $(VAGUEMESTRE_SAMPLES),--real "$(VAGUEMESTRE_SAMPLES)/training_lines/typescript_lines.zip",)

$(TRAIN_VENV)/.ready: requirements/dev.txt requirements/train.txt requirements/torch.txt
	$(PYTHON) -m venv $(TRAIN_VENV)
	$(TRAIN_VENV)/bin/pip install --quiet --require-hashes -r requirements/dev.txt
	$(TRAIN_VENV)/bin/pip install --quiet --require-hashes -r requirements/train.txt
	$(TRAIN_VENV)/bin/pip install --quiet --require-hashes --no-deps -r requirements/torch.txt
	touch $@

train-reader: $(TRAIN_STAMP) ## teach the line reader on; MINUTES=90 THREADS=2, stopped it goes on where it was
	mkdir -p build/train/reader
	$(TRAIN_PYTHON) -m models.training.lines.train build/train/reader --minutes $(MINUTES) --threads $(THREADS) \
	  --from models/training/weights/reader.npz $(REAL_LINES)

CELLS := build/train/cells
train-cells: $(TRAIN_STAMP) ## teach the cell network (needs the digits of VAGUEMESTRE_SAMPLES)
	mkdir -p $(CELLS)
	for seed in 1 2 3 4 5; do [ -e $(CELLS)/learn-$$seed.npz ] || \
	  $(TRAIN_PYTHON) -m models.training.cells.corpus learn 40000 $$seed $(CELLS)/learn-$$seed.npz || exit 1; done
	[ -e $(CELLS)/measure-1.npz ] || $(TRAIN_PYTHON) -m models.training.cells.corpus measure 12000 1 $(CELLS)/measure-1.npz
	[ -e $(CELLS)/calibrate-1.npz ] || $(TRAIN_PYTHON) -m models.training.cells.corpus calibrate 8000 1 $(CELLS)/calibrate-1.npz
	$(TRAIN_PYTHON) -m models.training.cells.train $(CELLS) $(CELLS)/net.pt --minutes $(MINUTES) --rate 2.5e-3

HAND := build/train/hand
train-hand: $(TRAIN_STAMP) ## teach the network that tells handwriting (needs the digits of VAGUEMESTRE_SAMPLES)
	$(TRAIN_PYTHON) -m models.training.hands.train $(HAND) --threads $(THREADS) $(REAL_LINES)

TICKS := build/train/ticks
TICK_SEEDS := $(shell seq 301 312)
PALE_SEEDS := 301 303 305 307 309 311
TICK_COURSE := --steps 32000 --rate 2.5e-3 --bfloat16 --threads $(THREADS)
train-ticks: $(TRAIN_STAMP) ## teach the two networks that look at tick boxes
	mkdir -p $(TICKS)
	for seed in $(TICK_SEEDS); do [ -e $(TICKS)/learn-$$seed.npz ] || \
	  $(TRAIN_PYTHON) -m models.training.ticks.samples 5000 $$seed $(TICKS)/learn-$$seed.npz || exit 1; done
	for seed in $(PALE_SEEDS); do [ -e $(TICKS)/learn-pale-$$seed.npz ] || \
	  $(TRAIN_PYTHON) -m models.training.ticks.samples 5000 $$seed $(TICKS)/learn-pale-$$seed.npz --pale || exit 1; done
	[ -e $(TICKS)/held-101.npz ] || $(TRAIN_PYTHON) -m models.training.ticks.samples 3000 101 $(TICKS)/held-101.npz
	$(TRAIN_PYTHON) -m models.training.ticks.train $(TICKS) $(TICKS)/one.pt --seed 47 $(TICK_COURSE)
	$(TRAIN_PYTHON) -m models.training.ticks.train $(TICKS) $(TICKS)/two.pt --seed 48 $(TICK_COURSE) --beside $(TICKS)/one.pt

train: train-reader train-cells train-hand train-ticks ## teach all networks

evaluate: $(TRAIN_STAMP) ## figures of the cards of the line reader and the hand network
	$(TRAIN_PYTHON) -m models.training.lines.evaluate models/onnx/reader.onnx $(REAL_LINES) \
	  --plot models/cards/reader-reliability.png
	$(TRAIN_PYTHON) -m models.training.hands.evaluate

proto: $(STAMP) ## regenerate the wire code
	$(BIN)/python -m tests.tools.proto

requirements: ## compile the pinned requirement files
	cd requirements && for part in edge central dev train; do \
	  ../$(BIN)/pip-compile --quiet --strip-extras --generate-hashes --allow-unsafe --no-header --no-annotate \
	    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file $$part.txt $$part.in; done

.PHONY: help setup demo pictures test lint bench train train-reader train-cells train-hand train-ticks evaluate proto requirements
