# Every verb is one line here and a program in scripts/ or orchestration/.
# Narrow with PROJECT=bank, IMAGE="preprocess train_xgb", DATA=path/to/rows.csv.

PROJECT ?= bank
IMAGE ?=
RUNS ?=
BENCH ?=
JOB ?=
FOLLOW ?=
ADVANCE ?=
TO ?=
DATA ?=
SET ?=
MODE ?= api
FRESH ?=
BY ?=
STOP ?=
VERSION ?=
DELETE ?=
KIND ?= age
ROWS ?= 100
PROCESSES ?= 2
REGISTRY ?=
PYTHON ?= python3
VENV := .venv/bin

# The stack, with the images that the project names and those that are part of it.
start-for-project = $(PYTHON) -m scripts.setup && \
	images=$$($(VENV)/python -m orchestration images --project $(PROJECT)) && \
	$(PYTHON) -m scripts.images build $$images localstack emulator lambda_python && $(PYTHON) -m scripts.stack up

# Values that the verbs' programs read; what the caller has set stays.
export AWS_ENDPOINT_URL ?= http://localhost:4566
export AWS_DEFAULT_REGION ?= us-east-1
export AWS_ACCESS_KEY_ID ?= test
export AWS_SECRET_ACCESS_KEY ?= test
export DATA

.DEFAULT_GOAL := help
.PHONY: clock help setup images data up run api monitor drift approve reject features down purge lint types unit contract integration e2e ui test check bench push soak lock logs env

help: ## Show the verbs
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Find or install what the project needs: Docker, base image, Python environment
	@$(PYTHON) -m scripts.setup

images: setup ## Build the images whose files changed (IMAGE=name for some of them)
	@$(PYTHON) -m scripts.images build $(IMAGE)

data: setup ## Download and verify the project's real data
	@$(VENV)/python -m orchestration data --project $(PROJECT)

up: images ## Start LocalStack and the emulator and wait until they answer
	@$(PYTHON) -m scripts.stack up

run: ## Build, train, register, approve and deploy the project's model, and ask it (DATA=path, MODE=sdk-local)
	@$(PYTHON) -c "import scripts" # says so where this Python is too old
	@$(PYTHON) -m orchestration.data_source --project $(PROJECT)
	@$(call start-for-project)
	@$(VENV)/python -m orchestration run --project $(PROJECT) --mode $(MODE) $(if $(FRESH),--fresh) \
		$(foreach pair,$(SET),--set $(pair))

api: up ## Start the inference API in front of the project's endpoint; it says how to ask it
	@uri=$$($(VENV)/python -m orchestration api-document --project $(PROJECT)) && $(PYTHON) -m scripts.api --project $(PROJECT) "$$uri"

monitor: ## Watch the project's endpoint each hour or day, and look at the newest one now (BY=schedule: SageMaker's own schedules; STOP=1 ends it)
	@$(call start-for-project)
	@$(VENV)/python -m orchestration monitor --project $(PROJECT) $(if $(BY),--by $(BY)) $(if $(STOP),--stop) \
		$(foreach pair,$(SET),--set $(pair))

drift: export SLIPWAY_ALLOW_RESET = 1
drift: api ## Send ROWS=100 live rows with KIND=age, type, labels or labels-missing through the API, move the clock an hour, and see what follows
	@$(VENV)/python -m orchestration drift --project $(PROJECT) --kind $(KIND) --rows $(ROWS) \
		--api-url http://localhost:$(or $(SLIPWAY_API_PORT),8000) --emulator-port $(or $(SLIPWAY_EMULATOR_PORT),4500) \
		$(foreach pair,$(SET),--set $(pair))

approve: ## Approve VERSION=n of the project's model, by default the newest that waits; it is then deployed
	@$(VENV)/python -m orchestration approve --project $(PROJECT) $(if $(VERSION),--version $(VERSION))

reject: ## Reject VERSION=n of the project's model; the endpoint goes back to the newest still approved
	@$(VENV)/python -m orchestration reject --project $(PROJECT) $(if $(VERSION),--version $(VERSION))

features: ## List the project's feature groups; DELETE=name deletes one
	@$(VENV)/python -m orchestration features --project $(PROJECT) $(if $(DELETE),--delete $(DELETE))

logs: ## Show what JOB=name has said; FOLLOW=1 goes on until the job has ended
	@$(PYTHON) -m scripts.logs "$(JOB)" $(if $(FOLLOW),--follow)

env: ## Print exports for a shell: its AWS clients and SageMaker SDKs then work here
	@$(PYTHON) -m scripts.shell_environment

clock: ## Show the emulator's clock, or move it: ADVANCE=1h, TO=2026-12-24T00:00:00Z
	@$(PYTHON) -m scripts.clock $(if $(ADVANCE),--advance "$(ADVANCE)") $(if $(TO),--to "$(TO)")

down: ## Remove our containers and networks; data and images stay
	@$(PYTHON) -m scripts.clean down

purge: ## Remove everything of ours: containers, networks, volumes, images, environments, build/
	@$(PYTHON) -m scripts.clean purge

lint: setup ## ruff: lint and format
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check --quiet .

types: setup ## mypy --strict, tests included
	@$(VENV)/mypy
	@for tests in images/*/tests; do $(VENV)/mypy $$tests || exit 1; done

unit: setup ## Tests without Docker, seconds
	@$(VENV)/pytest tests/unit

contract integration e2e ui: setup-tests images-tests
	@$(VENV)/pytest tests/$@

test: setup-tests images-tests ## All tests, PROCESSES=2 side by side; the closing line is pytest's
	@SLIPWAY_RECORD_TESTED=1 $(VENV)/pytest --numprocesses $(PROCESSES)

check: lint types test ## Lint, types and all tests: what every change must pass

bench: setup up ## Measure (minutes): training, runs, jobs, pipelines, invocations, API, capture, feature store, serving, model quality, monitoring, forecasts; figures in build/bench/
	@$(VENV)/python -m benchmarks $(BENCH)

push: setup ## Push the tested images to REGISTRY=host:port, by digest
	@$(PYTHON) -m scripts.push --registry "$(REGISTRY)" $(foreach name,$(IMAGE),--image $(name))

soak: setup-tests images-tests ## Clean traffic, all drills; then a clean clone's whole life: RUNS=5 runs, down, run, purge
	@SLIPWAY_SOAK=1 $(VENV)/pytest tests/contract/test_monitor_clean_traffic.py tests/e2e/test_bank_drift.py
	@RUNS="$(RUNS)" $(PYTHON) -m scripts.soak

lock: setup ## Resolve every requirements.in into its hash-checked lock again
	@$(VENV)/python -m scripts.lock

.PHONY: setup-tests images-tests
setup-tests:
	@$(PYTHON) -m scripts.setup --tests

images-tests: setup-tests
	@$(PYTHON) -m scripts.images build --tests
