# `make` without a target lists the targets.

PROFILE ?= sample
export DFDC BACKBONE WEIGHTS PARTS VIDEOS JOBS SCHEDULER
export NO_ALBUMENTATIONS_UPDATE := 1
export JUPYTER_PREFER_ENV_PATH := 1
export PYDEVD_DISABLE_FILE_VALIDATION := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Threads that wait leave their core to those that work.
export OMP_WAIT_POLICY := PASSIVE
# Memory that a network's layer gives back is kept for the next.
export MALLOC_MMAP_THRESHOLD_ := 33554432
export MALLOC_TRIM_THRESHOLD_ := 268435456

.DELETE_ON_ERROR:
.PHONY: help install book test lint unit longtest nbval synthtest htmltest sample notebooks lock bench bench-extract clean FORCE

help: ## List the targets
	@echo "make book builds the book, make test runs every test; the targets are:"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 14
	@echo "Variables: PROFILE=sample|dfdc DFDC=folder BACKBONE=name WEIGHTS=file PARTS=0,1,2 VIDEOS=500 JOBS=2 SCHEDULER=tcp://host:8786"


# ---- Environment: an active one in which this checkout is installed, or else .venv ----

OURS = import importlib.util as u, os, sys; s = u.find_spec("dfd"); \
	sys.exit(not (s and os.path.samefile(os.path.dirname(s.origin), "dfd")) or sys.prefix == os.path.abspath(".venv"))
ACTIVE := $(firstword $(foreach e,$(VIRTUAL_ENV) $(CONDA_PREFIX),$(shell $(e)/bin/python -I -c '$(OURS)' && echo $(e))))
BIN := $(or $(ACTIVE),.venv)/bin
INSTALLED := $(if $(ACTIVE),,.venv/installed)

SUPPORTED = import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))
BOOTSTRAP = $(firstword $(foreach p,python3 python3.12 python3.11,$(shell $(p) -c '$(SUPPORTED)' 2>/dev/null && echo $(p))))

install: $(INSTALLED) synth/.venv/installed ## Install everything that the other targets need

.venv/installed: requirements.lock pyproject.toml
	$(if $(BOOTSTRAP),,$(error Python 3.11 or 3.12 is needed; none was found as python3, python3.12 or python3.11))
	$(BOOTSTRAP) -m venv .venv
	.venv/bin/python -m pip install --quiet -r requirements.lock
	.venv/bin/python -m pip install --quiet --no-deps -e .
	@touch $@

synth/.venv/installed: synth/requirements.txt
	$(if $(BOOTSTRAP),,$(error Python 3.11 or 3.12 is needed; none was found as python3, python3.12 or python3.11))
	$(BOOTSTRAP) -m venv synth/.venv
	synth/.venv/bin/python -m pip install --quiet --no-deps -r synth/requirements.txt
	@touch $@


# ---- The book ----

RUN := build/$(PROFILE)
SOURCES := $(sort $(wildcard notebooks/[0-9]*.ipynb))
EXECUTED := $(SOURCES:%=$(RUN)/%)

book: $(RUN)/book.done ## Execute the chapters that changed and build _build/html/index.html
	@echo "The book is in _build/html/index.html"

# Chapters and modules that each chapter builds on. Whatever these depend on counts as well.
chapter = $(patsubst %,$(RUN)/notebooks/%.ipynb,$(1))
module = $(patsubst %,dfd/%.py,$(1))
$(call chapter,01_data_analysis): $(call module,dataset video)
$(call chapter,02_preprocessing): $(call chapter,01_data_analysis) \
	$(call module,decoding detectors tracking cluster faces augment embedding probe ablation results) \
	benchmarks/results/decoding.json
$(call chapter,03_detector_benchmark): \
	$(call module,dataset video decoding detectors tracking faces detector_accuracy detector_benchmark results) \
	benchmarks/results/detector_speed.json
$(call chapter,04_embedding): $(call chapter,02_preprocessing) $(call module,embedding probe ablation)
$(call chapter,05_dimension_reduction): $(call chapter,04_embedding) $(call module,reduction scaling)
$(call chapter,06_clustering): $(call chapter,05_dimension_reduction) $(call module,clustering)
$(call chapter,07_sigmoid_vs_softmax): $(call chapter,04_embedding) $(call module,classifier training evaluation)
$(call chapter,08_evaluation): $(call chapter,02_preprocessing) \
	$(call module,embedding probe classifier training evaluation explain)

$(RUN)/notebooks/%.ipynb: notebooks/%.ipynb $(RUN)/settings.json $(call module,errors profile tables claims plots) \
		$(INSTALLED)
	$(BIN)/python -m dfd.book execute $(PROFILE) $< $@

# Changes only when the settings or the data folder do.
$(RUN)/settings.json: FORCE $(INSTALLED)
	@$(BIN)/python -m dfd.book settings $(PROFILE)

# Built aside, so that a reader's copy is there until the new one is whole.
$(RUN)/book.done: $(EXECUTED) $(wildcard book/* book/*/*) _config.yml _toc.yml dfd/book.py \
		dfd/costs.py $(wildcard benchmarks/results/*.json) $(wildcard data/sample/gallery/*.jpg)
	$(BIN)/python -m dfd.book stage $(PROFILE)
	rm -rf _build/next
	$(BIN)/jupyter-book build -W -n --keep-going --quiet --path-output _build/next $(RUN)/book > /dev/null
	rm -rf _build/html build/*/book.done
	mv _build/next/_build/html _build/html
	rm -rf _build/next
	@touch $@


# ---- Tests ----

test: lint unit nbval synthtest ## Run every test

lint: $(INSTALLED) ## Check the style of the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

unit: $(INSTALLED) ## Run the unit tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadscope -m "not long" tests

longtest: $(INSTALLED) ## Run the unit tests that take minutes
	$(BIN)/python -m pytest -m long tests

nbval: $(INSTALLED) ## Run the notebooks and compare what they print with what is committed
	$(BIN)/python -m pytest --nbval-lax --nbval-current-env --nbval-sanitize-with tests/nbval.cfg notebooks

synthtest: synth/.venv/installed ## Run the tests of the sample's generator
	synth/.venv/bin/python -m pytest --confcutdir synth/tests synth/tests

htmltest: $(INSTALLED) ## Check the built book: pages, links, images
	$(BIN)/python -m pytest tests/test_book.py


# ---- Maintenance ----

SAMPLE ?= build/sample-anew
SAMPLE_SETTING ?= --seed 2026 --actors 30 --clips 48

sample: synth/.venv/installed ## Make the sample anew in build/sample-anew and compare it with data/sample
	synth/.venv/bin/python -m synth make $(SAMPLE) $(SAMPLE_SETTING) --processes $(or $(JOBS),2)
	synth/.venv/bin/python -m synth compare $(SAMPLE) data/sample

notebooks: ## Execute the chapters on the sample and store their checked output
	$(MAKE) PROFILE=sample BACKBONE= WEIGHTS= PARTS= VIDEOS= $(SOURCES:%=build/sample/%)
	for chapter in $(SOURCES); do $(BIN)/python -m dfd.book strip build/sample/$$chapter $$chapter || exit 1; done
	for chapter in $(SOURCES); do touch build/sample/$$chapter; done

lock: ## Pin the newest versions that pyproject.toml allows in requirements.lock
	rm -rf build/lock
	$(BOOTSTRAP) -m venv build/lock
	build/lock/bin/python -m pip install --quiet -e '.[test]'
	build/lock/bin/python -m pip freeze --all --exclude-editable | grep -vE "^(pip|wheel)==" \
		| sed -E '/^(nvidia-|cuda-|triton)/s/$$/ ; sys_platform == "linux" and platform_machine == "x86_64"/' \
		> build/requirements.lock
	mv build/requirements.lock requirements.lock
	rm -rf build/lock

bench: $(INSTALLED) ## Measure the performance figures; results go to benchmarks/results
	$(if $(DFDC),,@echo "benchmarks/extraction.py is left out: it needs DFDC=folder")
	for script in $(filter-out $(if $(DFDC),,benchmarks/extraction.py),$(wildcard benchmarks/*.py)); do \
		$(BIN)/python $$script || exit 1; done

bench-extract: $(INSTALLED) ## Compare the extractor with the report's loop on one clip (CLIP=file for another)
	$(BIN)/python benchmarks/extractor.py $(CLIP)

clean: ## Delete all that was built; the environments stay
	rm -rf build _build
