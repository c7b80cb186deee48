# `make` without a target lists the targets.

PROFILE ?= sample
export BUILD DFDC BACKBONE WEIGHTS PARTS VIDEOS JOBS SCHEDULER DEPTH RECIPE DEVICES NODES
# A copied checkout brings along an environment in which the first one is installed; this one comes first.
export PYTHONPATH := $(CURDIR)$(if $(PYTHONPATH),:$(PYTHONPATH))
export NO_ALBUMENTATIONS_UPDATE := 1
export JUPYTER_PREFER_ENV_PATH := 1
export PYDEVD_DISABLE_FILE_VALIDATION := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# By default waiting OpenMP threads spin, which takes a core from the threads that compute.
export OMP_WAIT_POLICY := PASSIVE
# Memory that a network's layer gives back is kept for the next.
export MALLOC_MMAP_THRESHOLD_ := 33554432
export MALLOC_TRIM_THRESHOLD_ := 268435456

.DELETE_ON_ERROR:
.PHONY: help install env synthenv book people faces embed train test lint unit longtest nbval synthtest htmltest study sample hard-faces notebooks versions lock bench drill \
	bench-extract bench-130k clean FORCE

help: ## List the targets
	@echo "make book builds the book, make test runs every test; the targets are:"
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 14
	@echo "Variables: PROFILE=sample|dfdc DFDC=folder BACKBONE=name WEIGHTS=file PARTS=0,1,2 VIDEOS=500 JOBS=2 SCHEDULER=tls://host:8786 DEPTH=full BUILD=folder"


# ---- Environment: an active one in which this checkout is installed, or else .venv ----

OURS = import importlib.util as u, os, sys; s = u.find_spec("dfd"); \
	sys.exit(not (s and os.path.samefile(os.path.dirname(s.origin), "dfd")) or sys.prefix == os.path.abspath(".venv"))
ACTIVE := $(firstword $(foreach e,$(VIRTUAL_ENV) $(CONDA_PREFIX),$(shell $(e)/bin/python -I -c '$(OURS)' && echo $(e))))
BIN := $(or $(ACTIVE),.venv)/bin

SUPPORTED = import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))
BOOTSTRAP = $(firstword $(foreach p,python3 python3.12 python3.11,$(shell $(p) -c '$(SUPPORTED)' 2>/dev/null && echo $(p))))

# What was installed is kept beside the environment, and compared by content: times differ in a copied checkout.
installed = cat requirements.lock requirements-bare.txt pyproject.toml | cmp -s - .venv/installed
synth_installed = cmp -s synth/requirements.txt synth/.venv/installed

install: env synthenv ## Install everything that the other targets need

env:
ifeq ($(ACTIVE),)
	@$(installed) || $(MAKE) --no-print-directory .venv
endif

synthenv:
	@$(synth_installed) || $(MAKE) --no-print-directory synth/.venv

.venv: FORCE
	$(if $(BOOTSTRAP),,$(error Python 3.11 or 3.12 is needed; none was found as python3, python3.12 or python3.11))
	$(BOOTSTRAP) -m venv .venv
	.venv/bin/python -m pip install --quiet -r requirements.lock
	.venv/bin/python -m pip install --quiet --no-deps -r requirements-bare.txt
	.venv/bin/python -m pip install --quiet --no-deps -e .
	@cat requirements.lock requirements-bare.txt pyproject.toml > .venv/installed

synth/.venv: FORCE
	$(if $(BOOTSTRAP),,$(error Python 3.11 or 3.12 is needed; none was found as python3, python3.12 or python3.11))
	$(BOOTSTRAP) -m venv synth/.venv
	synth/.venv/bin/python -m pip install --quiet --no-deps -r synth/requirements.txt
	@cp synth/requirements.txt synth/.venv/installed


# ---- The book ----

book: env ## Execute the chapters that changed and build _build/html/index.html
	$(BIN)/python -m study book $(PROFILE)

# The long stages of a run; the book makes them too, before its chapters.

people: env ## Find out which sources show the same person, so that no two splits share one
	$(BIN)/python -m dfd.cli people --profile $(PROFILE)

faces: env ## Find the faces of all videos and store them
	$(BIN)/python -m dfd.cli faces --profile $(PROFILE)

embed: env ## Turn the faces into vectors, by every embedding that is at hand
	$(BIN)/python -m dfd.cli embed --profile $(PROFILE) --model all

train: env ## Train the classifier, or go on with it, and write the model's folder
	$(BIN)/python -m dfd.cli train --profile $(PROFILE)


# ---- Tests ----

test: lint unit nbval synthtest ## Run every test

lint: env ## Check style and types, and print the size of every room
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/python tests/sizes.py

unit: env ## Run the unit tests and the examples of the docstrings
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadscope -m "not long" --doctest-modules

longtest: env ## Run the unit tests that take minutes
	$(BIN)/python -m pytest -m long

nbval: env ## Run the notebooks and compare what they print with what is committed
	@# Timings want a machine for themselves, so all is measured before two notebooks run at a time.
	$(BIN)/python -m study quick
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadscope \
		--nbval-lax --nbval-current-env --nbval-sanitize-with tests/book/nbval.cfg notebooks

synthtest: synthenv ## Run the tests of the sample's generator
	synth/.venv/bin/python -m pytest -n 2 --confcutdir tests/synth tests/synth

htmltest: env ## Check the built book: pages, links, images
	$(BIN)/python -m pytest tests/book/test_html.py


# ---- Maintenance ----

study: env ## Measure at full depth what decides the claims, and store it in results; hours, and resumable
	BACKBONE= WEIGHTS= PARTS= VIDEOS= DEPTH= RECIPE= $(BIN)/python -m study study

SAMPLE ?= build/sample-anew
SAMPLE_SETTING ?= --seed 2026 --actors 30 --clips 48

sample: synthenv ## Make the sample anew in build/sample-anew and compare it with data/sample
	synth/.venv/bin/python -m synth make $(SAMPLE) $(SAMPLE_SETTING) --processes $(or $(JOBS),2)
	synth/.venv/bin/python -m synth compare $(SAMPLE) data/sample

HARD_SEED ?= 2027

hard-faces: synthenv ## Make the hard faces in build/hard-faces-SEED, of HARD_SEED: anew, or others of their kind
	synth/.venv/bin/python -m synth hard build/hard-faces-$(HARD_SEED) --seed $(HARD_SEED) --processes $(or $(JOBS),2)

notebooks: env ## Execute the chapters on the sample and store their checked output
	BACKBONE= WEIGHTS= PARTS= VIDEOS= RECIPE= $(BIN)/python -m study execute sample
	$(BIN)/python -m study strip

versions: env ## Keep the code of the stages as it is now beside their versions (see CONTRIBUTING.md)
	$(BIN)/python tests/dfd/versions.py $(if $(SAME_TABLES),--same-tables)

lock: ## Pin the newest versions that pyproject.toml allows in requirements.lock
	rm -rf build/lock
	$(BOOTSTRAP) -m venv build/lock
	build/lock/bin/python -m pip install --quiet -e '.[detectors,study,test]'
	build/lock/bin/python -m pip freeze --all --exclude-editable | grep -vE "^(pip|wheel)==" \
		| sed -E '/^(nvidia-|cuda-|triton)/s/$$/ ; sys_platform == "linux" and platform_machine == "x86_64"/' \
		> build/requirements.lock
	mv build/requirements.lock requirements.lock
	rm -rf build/lock

bench: env ## Measure the performance figures; results go to results
	for name in decoding detector_speed extraction_speed two_workers damaged_clips; do \
		$(BIN)/python -m study measure $$name || exit 1; done
	$(if $(DFDC),$(BIN)/python -m study measure extraction_cost --profile dfdc,@echo "extraction_cost is left out: it needs DFDC=folder")

bench-extract: env ## Compare the extractor with the report's loop on one clip (CLIP=file for another)
	$(BIN)/python -m study measure extraction_speed $(if $(CLIP),--clip $(CLIP))

bench-130k: env ## Place up to 260,000 faces by scikit-learn, openTSNE and dfd, and compare; an hour, resumable
	$(BIN)/python -m study measure large_maps

drill: env ## Run the profile dfdc on a folder of DFDC's size, made of the sample, in 8 GB; hours, resumable (KEEP=1)
	$(BIN)/python -m study drill $(if $(KEEP),--keep)

clean: ## Delete all that was built; the environments stay
	rm -rf build _build
