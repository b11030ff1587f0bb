# Everything that is done with this repository is a target here. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help

# What Debian has to have installed; `make setup` installs what is missing of it.
PACKAGES := librocksdb-dev libzstd-dev libssl-dev zlib1g-dev pkg-config python3-venv
# What only `make benchmark` needs beyond that.
BENCH_PACKAGES := redis-server
# What the tests in Python need, in a virtual environment of the project's own.
PYTHON_PACKAGES := boto3 awscli pytest pynamodb

VENV := .venv
PYTHON := $(VENV)/bin/python
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
SOURCES := Package.swift Sources Tests

DEBUG := .build/debug
RELEASE := .build/release
# More arguments for `make demo`, `make crash-test`, `make clock-test`, `make disk-test` and `make benchmark`, such as `make demo ARGUMENTS=--help`.
ARGUMENTS :=
# The crash rounds of `make crash-test`, the rounds of `make clock-test` and `make disk-test`, and those of each in `make test`.
ROUNDS := 20
CLOCK_ROUNDS := 50
DISK_ROUNDS := 50
TEST_ROUNDS := 2
# How many damaged requests `make test` sends.
TEST_FUZZ_REQUESTS := 3000

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Setup

# Installs those of the Debian packages named in $(1) that are missing. Without dpkg, installing them is left to the reader.
define install
	@command -v dpkg-query >/dev/null || { echo "this is not Debian: make sure of $(1)"; exit 0; }; \
	missing=$$(for package in $(1); do \
	    dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || echo $$package; \
	done); \
	if [ -n "$$missing" ]; then \
	    echo "installing" $$missing; \
	    $(SUDO) apt-get update -q && \
	    $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing; \
	fi
endef

.PHONY: setup packages
setup: packages $(VENV)/complete ## install what is missing: Debian packages, and boto3, the AWS CLI and pytest in .venv

packages:
	@command -v swift >/dev/null || { echo "Swift 6.3 is missing: https://www.swift.org/install/linux/"; exit 1; }
	$(call install,$(PACKAGES))

# The file is there when everything is: an installation that was cut short is made again.
$(VENV)/complete: Makefile | packages
	python3 -m venv --clear $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check $(PYTHON_PACKAGES)
	touch $@

# Building

.PHONY: build release
build: setup ## build everything in debug form
	swift build --build-tests

release: packages ## build the command line in release form, as .build/release/meridian
	swift build -c release --product meridian

# Testing

.PHONY: test lint unit compatibility process
test: lint unit compatibility process ## everything that a change must pass: lint, unit, compatibility and process tests

lint: setup ## check formatting, architecture, and the checks of the process tests
	swift format lint --strict --recursive --parallel $(SOURCES)
	$(PYTHON) -m pytest -q Tests/ArchitectureTests Tests/Mutation Tests/Process/test_checks.py

unit: setup ## the unit and property tests
	swift test

compatibility: build ## the AWS CLI and boto3 against running regions
	$(PYTHON) -m pytest -q Tests/Compatibility --meridian $(DEBUG)/meridian

process: build ## the commands of meridian, an application, simulated runs made twice, crash, clock and disk rounds, damaged requests
	$(PYTHON) -m pytest -q Tests/Process --ignore Tests/Process/test_checks.py --meridian $(DEBUG)/meridian
	$(PYTHON) Tests/Process/crash_rounds.py --meridian $(DEBUG)/meridian --rounds $(TEST_ROUNDS)
	$(PYTHON) Tests/Process/clock_rounds.py --meridian $(DEBUG)/meridian --rounds $(TEST_ROUNDS)
	$(PYTHON) Tests/Process/disk_rounds.py --meridian $(DEBUG)/meridian --rounds $(TEST_ROUNDS)
	$(PYTHON) Tests/Process/fuzz_endpoint.py --meridian $(DEBUG)/meridian --requests $(TEST_FUZZ_REQUESTS)

.PHONY: determinism
determinism: build release ## compare simulated runs in debug and release form, event by event
	$(PYTHON) -m pytest -q Tests/Process/test_determinism.py --meridian $(DEBUG)/meridian --other-meridian $(RELEASE)/meridian

.PHONY: demo crash-test clock-test disk-test fuzz benchmark
# What Python needs is fetched while the compiler works.
demo: packages ## three regions through an outage: writes, kill -9, catching up, and a comparison of every item
	$(MAKE) --jobs=2 --no-print-directory release $(VENV)/complete
	$(PYTHON) Tests/Process/demo.py --meridian $(RELEASE)/meridian $(ARGUMENTS)

crash-test: setup release ## kill -9 of every region under load, 20 times or ROUNDS=n
	$(PYTHON) Tests/Process/crash_rounds.py --meridian $(RELEASE)/meridian --rounds $(ROUNDS) $(ARGUMENTS)

clock-test: setup release ## a region's clock set wrong under load, 50 times or CLOCK_ROUNDS=n
	$(PYTHON) Tests/Process/clock_rounds.py --meridian $(RELEASE)/meridian --rounds $(CLOCK_ROUNDS) $(ARGUMENTS)

disk-test: setup release ## a region's disk that forgets under load, 50 times or DISK_ROUNDS=n
	$(PYTHON) Tests/Process/disk_rounds.py --meridian $(RELEASE)/meridian --rounds $(DISK_ROUNDS) $(ARGUMENTS)

fuzz: setup release ## ten minutes of damaged requests to a region: none may end it, be its fault, or change anything when refused
	$(PYTHON) Tests/Process/fuzz_endpoint.py --meridian $(RELEASE)/meridian $(ARGUMENTS)

benchmark: setup ## what a region does over HTTP, beside an NIO server without work behind it and Redis; 15 minutes at the most
	$(call install,$(BENCH_PACKAGES))
	swift build -c release --product meridian
	swift build -c release --product baseline-server
	swift build -c release --product load-generator
	$(PYTHON) Tests/Benchmarks/Endpoint/benchmark.py --programs $(RELEASE) $(ARGUMENTS)

.PHONY: mutation-test
mutation-test: setup ## 200 small mistakes in the store and the replicator, all in one build: which does the simulator notice?
	$(PYTHON) Tests/Mutation/mutants.py --folder .build-mutants $(ARGUMENTS)

.PHONY: defects
defects: setup ## every mistake that the tests make on purpose, in the shipped scenarios: which one notices it, by which checker?
	MERIDIAN_DEFECTS=1 swift test -c release -Xswiftc -enable-testing --scratch-path .build-defects --filter ShippedDefectTests

.PHONY: bench-simulation
bench-simulation: setup ## simulated requests a second of one core, and what the checkers cost
	swift build -c release --product simulation-benchmark
	$(RELEASE)/simulation-benchmark Tests/Benchmarks/Simulation/reads.yaml Tests/Benchmarks/Simulation/mixed.yaml \
	    Tests/Benchmarks/Simulation/usual.yaml $(ARGUMENTS)

# The working tree

.PHONY: format clean
format: ## format every Swift file in place
	swift format --in-place --recursive --parallel $(SOURCES)

clean: ## remove what was built, the virtual environment, and the development data and certificates
	rm -rf .build .build-defects .build-mutants $(VENV) data certificates
