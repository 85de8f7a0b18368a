# The linux_tcp.hardening collection. "make" lists the targets; CONTRIBUTING.md says more.

# Part of the path or of a value may be a space: hand values on by the environment, keep paths relative.
PROFILE ?=
FAIL_ON ?= high
REPORTS ?= reports
INVENTORY ?=
SAMPLE_SECONDS ?=
ARGS ?=
PYTHON ?=
VENV ?= .venv
export PROFILE FAIL_ON REPORTS INVENTORY SAMPLE_SECONDS ARGS PYTHON VENV

# Ansible insists on a UTF-8 locale, and the pins on not being mixed with what the caller has.
export LC_ALL := C.UTF-8
unexport PYTHONPATH PYTHONHOME

MAKEFLAGS += --no-print-directory
RUN = "$$VENV/bin/python"
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help audit test unit molecule lab sanity lint format types package bench docs build clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo 'Knobs of audit: PROFILE=any|client_host|fullnat_lb|backend  FAIL_ON=never|info|low|medium|high|critical'
	@echo '                REPORTS=folder  INVENTORY=path  SAMPLE_SECONDS=number  ARGS="more for ansible-playbook"'
	@echo 'Knobs of all:   PYTHON=interpreter  VENV=folder'

audit: ## audit this machine, change nothing on it, write the reports
	@scripts/venv run
	@$(RUN) -m scripts.audit

test: ## everything that must pass before a commit is pushed
	@scripts/venv test
	@exec $(RUN) -m scripts.check

unit: ## the unit tests; ARGS="-k word" for some of them
	@scripts/venv test
	@exec $(RUN) -m scripts.check unit

molecule: ## the scenarios in containers; ARGS="default backend" for some of them
	@scripts/venv test
	@exec $(RUN) -m scripts.check molecule

lab: ## make the failures happen in containers, mend them, print what was measured, write docs/lab.md
	@scripts/venv test
	@exec $(RUN) -m scripts.lab

sanity: ## ansible-test sanity, on a copy; ARGS="--test pep8" for one of its tests
	@scripts/venv test
	@exec $(RUN) -m scripts.check sanity

lint: ## ansible-lint, ruff check and ruff format --check
	@scripts/venv test
	@exec $(RUN) -m scripts.check lint ruff

types: ## mypy --strict
	@scripts/venv test
	@exec $(RUN) -m scripts.check types

package: ## build the collection, install it elsewhere and use it there
	@scripts/venv test
	@exec $(RUN) -m scripts.check package

format: ## rewrite the Python files in the house style
	@scripts/venv test
	@$(RUN) -m ruff check --quiet --fix-only .
	@$(RUN) -m ruff format --quiet .

bench: ## measure against the tools that people know; ARGS="word" for some rows
	@scripts/venv test
	@PYTHONPATH=tests:playbooks/collections $(RUN) -m bench $$ARGS

docs: ## write docs/rules.md from the rules
	@scripts/venv run
	@$(RUN) -m scripts.docs

build: ## the archive for ansible-galaxy collection install
	@scripts/venv run
	@$(RUN) -m scripts.build

clean: ## remove all that make has made here, but for the reports
	@rm -rf .venv .ansible .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache *.tar.gz
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
