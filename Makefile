# The linux_tcp.hardening collection. "make" lists the targets; CONTRIBUTING.md says more.

# Paths and values may have spaces: values go through the environment, and paths stay relative.
PROFILE ?=
FAIL_ON ?= high
REPORTS ?= reports
INVENTORY ?=
SAMPLE_SECONDS ?=
SECONDS ?= 60
COUNT ?= 1000
SEED ?= 1
ARGS ?=
PYTHON ?=
VENV ?= .venv
export PROFILE FAIL_ON REPORTS INVENTORY SAMPLE_SECONDS COUNT SEED ARGS PYTHON VENV
# Some shells count their own seconds in a variable of that name.
export FUZZ_SECONDS = $(SECONDS)

# Ansible needs a UTF-8 locale. The pinned packages must not mix with the caller's own.
export LC_ALL := C.UTF-8
unexport PYTHONPATH PYTHONHOME

# A misspelt variable on the command line would be passed over.
KNOWN = PROFILE FAIL_ON REPORTS INVENTORY SAMPLE_SECONDS SECONDS COUNT SEED ARGS PYTHON VENV MAKEFLAGS
GIVEN := $(foreach name,$(.VARIABLES),$(if $(filter command line,$(origin $(name))),$(name)))
UNKNOWN := $(filter-out $(KNOWN),$(GIVEN))
ifneq ($(strip $(UNKNOWN)),)
$(error There is no variable $(firstword $(UNKNOWN)). The variables are: $(filter-out MAKEFLAGS,$(KNOWN)))
endif

MAKEFLAGS += --no-print-directory
RUN = "$$VENV/bin/python"
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help audit test unit fuzz molecule lab sanity lint format types package bench kills kernels docs build clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo 'Variables of audit: PROFILE=any|client_host|fullnat_lb|backend  FAIL_ON=never|info|low|medium|high|critical'
	@echo '                    REPORTS=folder  INVENTORY=path  SAMPLE_SECONDS=number  ARGS="more for ansible-playbook"'
	@echo 'Variables of all:   PYTHON=interpreter  VENV=folder'

audit: ## audit this machine, without changing it, and write the reports
	@scripts/venv run
	@$(RUN) -m scripts.audit

test: ## all checks; they must pass before you push
	@scripts/venv test
	@exec $(RUN) -m scripts.check

unit: ## the unit tests; ARGS="-k word" for some of them
	@scripts/venv test
	@exec $(RUN) -m scripts.check unit

fuzz: ## give the parsers odd inputs for SECONDS=60; ARGS="snapshot reports" for some of the targets
	@scripts/venv test
	@exec $(RUN) -m scripts.fuzz

molecule: ## the scenarios in containers; ARGS="default backend" for some of them
	@scripts/venv test
	@exec $(RUN) -m scripts.check molecule

lab: ## show the failures in containers, fix them, print what was measured, write docs/lab.md
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

package: ## build the collection, install it in another folder and use it there
	@scripts/venv test
	@exec $(RUN) -m scripts.check package

format: ## rewrite the Python files in the house style
	@scripts/venv test
	@$(RUN) -m ruff check --quiet --fix-only .
	@$(RUN) -m ruff format --quiet .

bench: ## measure against known tools; ARGS="sockets offline" for some of the benchmarks
	@scripts/venv test
	@PYTHONPATH=tests:playbooks/collections $(RUN) -m bench $$ARGS

kills: ## kill the module and its guard COUNT=1000 times under load, in namespaces of their own, and see that nothing is lost
	@scripts/venv test
	@PYTHONPATH=tests:playbooks/collections $(RUN) -m kills "$$COUNT" "$$SEED"

kernels: ## check the collection on Debian's kernels in virtual machines, write docs/kernels.md; ARGS="bookworm" for some of them
	@scripts/venv test
	@PYTHONPATH=tests:.:playbooks/collections $(RUN) -m kernels $$ARGS

docs: ## write docs/rules.md from the rules, and docs/schema from the shapes
	@scripts/venv run
	@$(RUN) -m scripts.docs
	@$(RUN) -m scripts.schemas

build: ## the archive for ansible-galaxy collection install
	@scripts/venv run
	@$(RUN) -m scripts.build

clean: ## remove what make has made here, except the reports
	@rm -rf .venv .ansible .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache *.tar.gz
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
