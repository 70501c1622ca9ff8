# The two commands that matter: `make run` and `make test`. `make help` lists the rest.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 20

run: $(READY)  ## make the environment and forecast the demo institute
	@$(BIN)/aforo run

test: $(READY)  ## lint, types, dbt's own tests and every pytest
	@./.ci/checks

test-fast: $(READY)  ## the tests that need no pipeline run
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow"

lint: $(READY)  ## ruff, mypy, sqlfluff and yamllint, as before each commit
	@$(BIN)/pre-commit run --all-files

build: $(READY)  ## dbt alone, by hand: the same tables in data/
	@$(BIN)/dbt build --vars "$$(cat version.yml)"

bump: $(READY)  ## a new version of a layer and of all below: make bump LAYER=features
	@$(BIN)/aforo version bump $(LAYER)

bench: $(READY)  ## seconds and memory of whole runs, and of the forecast step
	@$(BIN)/python -m benchmarks.bench_run
	@$(BIN)/python benchmarks/bench_forecast_step.py

bench-accuracy: $(READY)  ## the errors of the forecast beside every rule and model
	@$(BIN)/python -m benchmarks.bench_accuracy

bench-zoo: $(READY)  ## is the forecast right for any institute? 30 simulated ones, the demo and the real ones
	@$(BIN)/python -m benchmarks.bench_zoo

bench-progression: $(READY)  ## what a catalogue guessed from the sections is worth in a forecast
	@$(BIN)/python -m benchmarks.bench_progression

bench-refits: $(READY)  ## what refitting the learner less often costs in accuracy
	@$(BIN)/python -m benchmarks.bench_refits

bench-sources: $(READY)  ## seconds of a run after 0, 1 and 5 % changed rows; Postgres beside the folder
	@$(BIN)/python -m benchmarks.bench_sources

bench-plan: $(READY)  ## the class plan's backtest: cancelled sections against students turned away
	@$(BIN)/python -m benchmarks.bench_plan

bench-alerts: $(READY)  ## false alarms a year by kind of alert, and whether planted faults are seen
	@$(BIN)/python -m benchmarks.bench_alerts $(if $(FOLDER),--folder $(FOLDER))
bench-peers: $(READY) $(VENV)/peers/.ready  ## aforo beside AutoETS, AutoARIMA, mlforecast and scikit-learn: error and cost
	@$(BIN)/python -m benchmarks.bench_peers $(ARGS)

reliability: $(READY)  ## every fault made real, and the table of docs/reliability.md from it
	@$(BIN)/python -m pytest -n 2 --dist loadfile -p tests.fault_matrix tests/faults

screenshots: run  ## the demo's report as docs/reporte.png shows it
	@$(BIN)/python -m benchmarks.screenshots

model-card: run  ## the demo's model card as docs/model_card.md shows it
	@cp data/published/ficha_modelo.md docs/model_card.md && chmod u+w docs/model_card.md

sbom: $(READY)  ## every package of the environment with its licence, as CycloneDX: data/sbom.json
	@test -x $(VENV)/tools/bin/cyclonedx-py || { $(PYTHON) -m venv $(VENV)/tools && $(VENV)/tools/bin/python -m pip install --quiet --disable-pip-version-check cyclonedx-bom==7.5.0; }
	@mkdir -p data && $(VENV)/tools/bin/cyclonedx-py environment --output-reproducible --output-format JSON --output-file data/sbom.json $(BIN)/python

docs: $(READY)  ## the dbt docs site, one page: data/docs/index.html
	@$(BIN)/aforo docs

bi: $(READY)  ## Apache Superset on the published marts, with the planners' dashboard, until Ctrl-C
	@$(BIN)/python -m dashboards.superset.start $(if $(PORT),--port $(PORT))

# Remade only when the lock or the project's own metadata change.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "aforo needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the environment into $(VENV) (once, about a minute) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/peers/.ready: benchmarks/peers/requirements.txt requirements.lock
	@$(PYTHON) -m venv $(VENV)/peers
	@$(VENV)/peers/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/peers/requirements.txt -c requirements.lock
	@touch $@

.PHONY: help run screenshots model-card sbom test test-fast lint build bump bench bench-accuracy bench-zoo bench-progression bench-refits bench-sources bench-peers bench-plan bench-alerts reliability docs bi
