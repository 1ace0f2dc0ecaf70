# Customer-analytics warehouse. `make` lists what can be done.
.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

# Settings of this shop, if there are any: see .env.example.
ifneq (,$(wildcard .env))
include .env
export
endif
WAREHOUSE_DIR ?= $(CURDIR)/warehouse
export WAREHOUSE_DIR
export DAGSTER_HOME := $(abspath $(WAREHOUSE_DIR))/dagster
export DO_NOT_TRACK := 1

.PHONY: help
help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

$(INSTALLED): requirements.lock pyproject.toml
	@echo "setting up $(VENV) from requirements.lock (one or two minutes, once) …"
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else "Python 3.11, 3.12 or 3.13 is needed, this is %d.%d; name one with make PYTHON=python3.12" % v)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@# The lock names everything, so pip need not look for more; older ones stumble over its extras.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: setup
setup: $(INSTALLED)  ## set up .venv from the lock

.PHONY: run
run: setup  ## the sample if the landing folder is empty, the nightly job, a summary
	@$(BIN)/python -m dagster_project.ingestion sample
	@$(BIN)/python -m dagster_project nightly

.PHONY: nightly
nightly: setup  ## the nightly job on the landing folder (AS_OF_DATE=YYYY-MM-DD for another day)
	@$(BIN)/python -m dagster_project nightly

.PHONY: rebuild
rebuild: setup  ## the nightly job, every table built again and not only what new files touch
	@$(BIN)/python -m dagster_project nightly --rebuild

.PHONY: extract
extract: setup  ## what is new in the databases and APIs of connections/ (NAME=… for one)
	@$(BIN)/python -m dagster_project.connections extract $(NAME)

.PHONY: connection
connection: setup  ## log in to one connection and show its first rows (NAME=…)
	@$(BIN)/python -m dagster_project.connections check $(NAME)

.PHONY: summary
summary: setup  ## what is published, what was refused, which rules hold
	@$(BIN)/python -m dagster_project summary

.PHONY: status
status: setup  ## marts, as-of date, freshness, checks that do not hold, the next run
	@$(BIN)/python -m dagster_project status

.PHONY: alert
alert: setup  ## tell who is to hear of trouble what is new (OPTIONS=--test: a test message)
	@$(BIN)/python -m dagster_project alert $(OPTIONS)

.PHONY: dashboard
dashboard: setup  ## write reports/index.html anew from what is published
	@$(BIN)/python -m dagster_project dashboard

# Of its own, because the lineage needs an older sqlglot than Dagster.
build/docs-venv/.installed: docs/requirements.txt | setup
	@$(BIN)/python -m venv build/docs-venv
	@build/docs-venv/bin/pip install --quiet --disable-pip-version-check --requirement docs/requirements.txt
	@touch $@

.PHONY: docs-setup
docs-setup: build/docs-venv/.installed  ## dbt-colibri and dbterd in an environment of their own, for make docs

$(VENV)/.spark: requirements-spark.lock $(INSTALLED)
	@java -version 2>&1 | grep -qE 'version "(17|21)' || { echo "Spark needs Java 17 (Debian: apt-get install openjdk-17-jre-headless)"; exit 1; }
	@echo "adding Spark to $(VENV) (450 MB, once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-spark.lock
	@touch $@

.PHONY: spark-setup
spark-setup: $(VENV)/.spark  ## Spark and its dbt adapter in .venv, for DBT_TARGET=spark_local or spark (needs Java 17)

.PHONY: parity
parity: spark-setup  ## one shop on DuckDB and on Spark, table by table (PARITY="--lines 1000000 --workers 2")
	@$(BIN)/python -m tests.spark $(PARITY)

.PHONY: docs
docs: setup docs-setup  ## write reports/docs: tables and columns, lineage, entity diagram, definitions
	@$(BIN)/python -m dagster_project docs

.PHONY: metrics
metrics: setup  ## metrics of the semantic layer (METRICS=orders,net_revenue BY=metric_time__month)
	@$(BIN)/python -m dagster_project metrics $(if $(METRICS),query --metrics $(METRICS) $(if $(BY),--group-by $(BY)) $(OPTIONS),list metrics)

.PHONY: why
why: setup  ## one customer's profile, labels, tags and the orders behind them (CUSTOMER=customer_id)
	@test -n "$(CUSTOMER)" || { echo "which customer? make why CUSTOMER=customer_id" >&2; exit 2; }
	@$(BIN)/python -m dagster_project why "$(CUSTOMER)"

.PHONY: audience
audience: setup  ## the audiences; one as a list: NAME=welcome (FORMAT=json, TO=https://…, OPTIONS=--no-record)
	@$(BIN)/python -m dagster_project audience $(OPTIONS) $(if $(FORMAT),--format $(FORMAT)) \
		$(if $(TO),--to "$(TO)") $(NAME)

.PHONY: forget
forget: setup  ## erase one customer everywhere and prove it (CUSTOMER=id, e-mail, phone, account)
	@$(BIN)/python -m dagster_project forget $(OPTIONS) "$(CUSTOMER)"

.PHONY: backup
backup: setup  ## the whole warehouse in one archive (TO=/backups/shop.tar.gz)
	@test -n "$(TO)" || { echo "where to? make backup TO=/backups/shop.tar.gz" >&2; exit 2; }
	@$(BIN)/python -m dagster_project backup "$(TO)"

.PHONY: restore
restore: setup  ## a kept warehouse into an empty WAREHOUSE_DIR (FROM=/backups/shop.tar.gz)
	@test -n "$(FROM)" || { echo "from where? make restore FROM=/backups/shop.tar.gz" >&2; exit 2; }
	@$(BIN)/python -m dagster_project restore "$(FROM)"

.PHONY: templates
templates: setup  ## empty CSV files of the warehouse's own names, to fill in and drop
	@$(BIN)/python -m dagster_project.ingestion templates

.PHONY: map
map: setup  ## propose a mapping.yml: make map FILE=orders.csv (WRITE=1 writes it, ENTITY=orders)
	@test -n "$(FILE)" || { echo "which file? make map FILE=path" >&2; exit 2; }
	@$(BIN)/python -m dagster_project.ingestion map "$(FILE)" \
		$(if $(ENTITY),--entity $(ENTITY)) $(if $(WRITE),--write)

.PHONY: dev
dev: setup  ## Dagster's web UI on http://127.0.0.1:3000, with schedule and sensor
	@$(BIN)/python -m dagster_project prepare
	@$(BIN)/dagster dev --host 127.0.0.1 --port 3000

.PHONY: cluster
cluster: setup  ## Dagster as code server, daemon and web server over PostgreSQL (docs/cluster.md)
	@$(BIN)/python -m dagster_project cluster

.PHONY: kubernetes
kubernetes: setup  ## write deploy/kubernetes/warehouse.yaml from the settings (IMAGE=…)
	@mkdir -p deploy/kubernetes
	@$(BIN)/python -m dagster_project kubernetes $(if $(IMAGE),--image "$(IMAGE)") > deploy/kubernetes/warehouse.yaml

.PHONY: test
test: setup  ## every test
	@$(BIN)/python -m pytest

.PHONY: fuzz
fuzz: setup  ## damaged files of every format through the loader (FUZZ="--minutes 10 --seed 1", or "--sizes")
	@$(BIN)/python -m tests.fuzz $(FUZZ)

.PHONY: bench
bench: setup  ## cost of a night against a hand-written script and the peers (BENCH="--lines 10000000 --rounds 2" …)
	@$(BIN)/python -m benchmarks.nightly $(BENCH)

.PHONY: bench-peers-setup
bench-peers-setup: setup  ## Polars, PySpark and SQLMesh in an environment of their own, for make bench
	@$(BIN)/python -m venv build/peers-venv
	@build/peers-venv/bin/pip install --quiet --requirement benchmarks/requirements-peers.txt

.PHONY: bench-ingest
bench-ingest: setup  ## speed of ingest against DuckDB's bare read_csv (some minutes)
	@$(BIN)/python -m benchmarks.ingest

.PHONY: bench-marts
bench-marts: setup  ## time of all marts for a million customers against their facts (a quarter of an hour)
	@$(BIN)/python -m benchmarks.customer_marts

.PHONY: bench-quality
bench-quality: setup  ## a gate on ten million orders against the same rules as one SQL query (some minutes)
	@$(BIN)/python -m benchmarks.quality

.PHONY: bench-scoring
bench-scoring: setup  ## predictions and groups of a million customers against their RFM mart (some minutes)
	@$(BIN)/python -m benchmarks.scoring

.PHONY: faults
faults: setup  ## disturb nights (kills, full disks, broken files …) and write docs/reliability.md (FAULTS="--kills 200 --seed 7")
	@$(BIN)/python -m tests.faults --write $(FAULTS)

.PHONY: audit
audit: setup  ## known vulnerabilities of the locked packages, and their licences (OPTIONS=--write lists them)
	@$(BIN)/python -m tools.audit $(OPTIONS)

.PHONY: lint
lint: setup  ## ruff and sqlfluff, as CI runs them
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@cd dbt_project && WAREHOUSE_WORK_DB=:memory: ../$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar models tests

.PHONY: semantic
semantic: setup  ## check the definitions of the semantic layer, as CI does
	@WAREHOUSE_DIR=build/semantic $(BIN)/python -m dagster_project metrics validate-configs --skip-dw

.PHONY: format
format: setup  ## let ruff and sqlfluff mend what they can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@cd dbt_project && WAREHOUSE_WORK_DB=:memory: ../$(BIN)/sqlfluff fix --disable-progress-bar models tests

# All but spark, which has a lock of what it adds.
EXTRAS := cluster dev postgres recommendations sample semantic sources
LOCKED := --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --quiet

.PHONY: lock
lock:  ## pin the dependencies anew (needs uv)
	uv pip compile pyproject.toml $(addprefix --extra ,$(EXTRAS)) $(LOCKED) -o requirements.lock
	uv pip compile pyproject.toml --extra spark --constraints requirements.lock $(LOCKED) -o requirements-spark.lock \
		$$(sed -n 's/^\([a-z0-9._-]*\)\(\[.*\]\)\{0,1\}==.*/--no-emit-package \1/p' requirements.lock)

.PHONY: clean
clean:  ## remove the virtual environment and caches, never the warehouse
	rm -rf $(VENV) .venv-duckdb .pytest_cache .ruff_cache .hypothesis *.egg-info dbt_project/target dbt_project/logs
