# Everything a person or a machine does with this repository, one name each. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup app run test unit story pictures check format bench client lock tools clean

PYTHON ?= python3
PORT ?= 8000
PUBLIC_URL ?= http://localhost:$(PORT)
NAME ?=
BIN := .venv/bin
STAMPS := .make
APP_SOURCES := $(shell find pwa/src pwa/app pwa/public pwa/scripts -type f 2>/dev/null) pwa/vite.config.ts

help: ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | column -t -s "$$(printf '\t')"

setup: $(STAMPS)/python $(STAMPS)/node ## install everything from the locked files

$(STAMPS)/python: requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11, 3.12 or 3.13 is needed (set PYTHON=...)" if not (3, 11) <= sys.version_info < (3, 14) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/node: pwa/package-lock.json
	cd pwa && npm ci --no-audit --no-fund
	@mkdir -p $(STAMPS) && touch $@

app: $(STAMPS)/app ## build the phone app

$(STAMPS)/app: $(STAMPS)/node $(APP_SOURCES)
	cd pwa && npm run build
	@mkdir -p $(STAMPS) && touch $@

run: setup app ## the demo: a study with a simulated cohort, web and worker (PORT=8000, PUBLIC_URL=https://...)
	@set -e; export DYADE_PORT=$(PORT) DYADE_PUBLIC_URL=$(PUBLIC_URL); \
	trap 'kill $$(jobs -p) 2>/dev/null; wait' EXIT; trap 'exit 0' INT TERM; \
	$(BIN)/dyade demo; \
	$(BIN)/dyade worker & \
	echo "Serving on port $(PORT). Stop with Ctrl-C."; \
	$(BIN)/dyade serve & wait -n

tools: ## install what the tests need beside the locked files: Chromium and PostgreSQL
	@bash tests/support/tools.sh

unit: setup
	cd pwa && npm test

test: setup app tools unit ## all tests: the app's, the service's on both databases, the analysis', the browser's
	$(BIN)/pytest -n 2 --dist loadgroup

story: setup app tools ## the browser test that walks the whole story, printing each step as it passes
	$(BIN)/pytest tests/browser/test_story.py -s -q

pictures: story ## make the pictures of the documents from the story's screens
	$(BIN)/python docs/pictures/make.py

check: setup ## lint, types, import contracts, migrations match models, generated files up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	@scratch=$$(mktemp -d); DYADE_DATA_DIR=$$scratch $(BIN)/dyade migrate --and-compare; status=$$?; rm -rf $$scratch; exit $$status
	$(BIN)/dyade study check studies/teacher-diary.yaml
	$(BIN)/hadolint Dockerfile
	cd pwa && npm run check && npm run lint
	@$(MAKE) --no-print-directory client
	@git diff --exit-code --stat -- pwa/openapi.json pwa/src/lib/api.gen.ts || { echo "The generated client is not up to date: run 'make client' and commit."; exit 1; }

client: setup ## make the app's types from the service's description
	$(BIN)/dyade openapi -o pwa/openapi.json
	cd pwa && npm run client

format: setup ## write the code in the house's form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cd pwa && npm run format

bench: setup app ## figures as ratios to a floor measured in the same run (NAME=entries|app|coverage|...)
	@$(BIN)/python -m bench $(NAME)

lock: ## compile the locked Python requirements anew (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra build pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra build --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

clean: ## remove what was installed and built; the data folder stays
	rm -rf .venv $(STAMPS) pwa/node_modules pwa/dist
