PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export GIT_PYTHON_REFRESH := quiet

.PHONY: run serve ui notebook notebook-outputs test test-all lint docs screenshot hostile bench later-loans key export lock clean

run: .venv/ready
	mlflow run . --env-manager local $(if $(MLFLOW_EXPERIMENT_NAME)$(MLFLOW_EXPERIMENT_ID),,--experiment-name sba)
	python -m train demo

serve: .venv/ready
	python -m scoring_model

export: .venv/ready
	rm -rf model
	mlflow artifacts download --artifact-uri models:/credit-scoring@champion --dst-path model

ui: .venv/ready
	mlflow ui --port 5000

# make notebook args=--allow-root
notebook: .venv/notebook
	cd notebooks && jupyter lab $(args) score_applicants.ipynb

# against the champion of `make run`, served by `make serve`
notebook-outputs: .venv/ready
	python -m notebooks.renew

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

# after `make run`: what monitoring would have said about the loans of 2005 to 2007
later-loans: .venv/ready
	python -m benchmarks.later_loans

# make -s key args='--name lender-a --scopes predict' >> keys.toml
key: .venv/ready
	@python -m scoring_model.http.guard $(args)

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

# UPGRADE=--upgrade takes the newest versions of the packages that no requirements*.in pins,
# UPGRADE="--upgrade-package <name>" that of one
lock: .venv/ready
	python .ci/lock.py $(UPGRADE)

clean:
	rm -rf .venv mlflow.db* mlruns model docs/_build .coverage .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/ready: requirements-dev.txt
	$(PYTHON) -m venv .venv
	pip install --quiet --require-hashes --requirement requirements-dev.txt
	touch $@

# Packages for a cluster: half a gigabyte that a single machine does not need. pyspark is published as
# source only: without build isolation, it is built with the setuptools that the lock names.
.venv/cluster: .venv/ready requirements-cluster.txt
	pip install --quiet --require-hashes --no-build-isolation --requirement requirements-cluster.txt
	touch $@

# JupyterLab: forty packages that nothing else needs
.venv/notebook: .venv/ready requirements-notebook.txt
	pip install --quiet --require-hashes --requirement requirements-notebook.txt
	touch $@
