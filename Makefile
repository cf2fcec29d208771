PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export GIT_PYTHON_REFRESH := quiet

.PHONY: run serve ui test test-all lint docs screenshot hostile bench key export clean

run: .venv/ready
	mlflow run . --env-manager local
	python -m train demo

serve: .venv/ready
	uvicorn scoring_model.asgi:app --http scoring_model.http_protocol:HttpProtocol --port 8000 --no-access-log --no-server-header --timeout-graceful-shutdown 8

export: .venv/ready
	rm -rf model
	mlflow artifacts download --artifact-uri models:/credit-scoring@champion --dst-path model

ui: .venv/ready
	mlflow ui --port 5000

test: lint
	pytest -m "not slow"

test-all: lint .venv/cluster
	.ci/install-system-packages
	pytest --cov

hostile: .venv/ready
	.ci/install-system-packages
	pytest -m hostile

bench: .venv/ready
	python -m benchmarks.serving

key: .venv/ready
	python -m scoring_model.http.guard

lint: .venv/ready
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	numpydoc lint $$(git ls-files '*.py' ':!tests')

# -W: every warning, such as one about a dead link, is an error
docs: .venv/ready
	sphinx-build -W --keep-going -n -q -b html docs docs/_build/html

screenshot: .venv/ready
	python -m docs.screenshot

clean:
	rm -rf .venv mlflow.db* mlruns model docs/_build .coverage .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/ready: requirements.txt requirements-dev.txt constraints.txt
	$(PYTHON) -m venv .venv
	pip install --quiet --requirement requirements-dev.txt --constraint constraints.txt
	touch $@

# packages for a cluster: half a gigabyte that a single machine does not need
.venv/cluster: .venv/ready requirements-spark.txt requirements-dask.txt
	pip install --quiet --requirement requirements-spark.txt --requirement requirements-dask.txt \
	  --constraint constraints.txt
	touch $@
