# `make demo` shows the product, `make test` checks it. Both install what they need.

# One target directory outside the checkout, so that a fresh clone is warm.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/salus/target
export SALUS_NODE ?= $(CARGO_TARGET_DIR)/debug/salus-node
export SALUS ?= $(CARGO_TARGET_DIR)/debug/salus

# Real data sets for tests, where they lie beside the checkout; without them such tests say so.
SALUS_DATA ?= $(wildcard $(CURDIR)/../shared/data)
ifneq ($(SALUS_DATA),)
export SALUS_DATA
endif

DATA ?=
JSON ?=
DEMO_FLAGS ?=
BENCH_FLAGS ?=

.PHONY: all setup setup-test build demo demo-svm test fmt lint doc polkadotjs digests unit test-faults test-network test-docker test-zombienet collator test-parachain reproducible bench-fcm bench-chain bench-paillier bench-svm bench-erasure bench-shapley figures-shapley metadata release weights clean

all: build

setup:
	scripts/setup

setup-test:
	scripts/setup test

# The node and the command.
build: setup
	cargo build --locked -p salus-node -p salus-cli

# What operators install: optimised, with the metadata's hash in the runtime's blob.
release: setup
	cargo build --locked --release -p salus-node -p salus-cli --features salus-node/metadata-hash,salus-node/jemalloc

# A four-validator network, a record's way from hospital to researcher, a clustering job.
# DATA=FILE clusters a file of your own, JSON=FILE writes a report.
demo: build
	$(SALUS) demo $(if $(DATA),--data $(DATA)) $(if $(JSON),--json $(JSON)) $(DEMO_FLAGS)

# Five institutions train one support vector machine both ways on the cohorts of SALUS_DATA, or on made-up
# ones: eight minutes. JSON=FILE writes a report.
demo-svm: build
	$(SALUS) demo-svm $(if $(JSON),--json $(JSON)) $(DEMO_FLAGS)

# Everything CI runs.
test: setup-test fmt lint doc polkadotjs digests unit

fmt:
	cargo fmt --all --check

lint:
	SKIP_WASM_BUILD=1 cargo clippy --locked --workspace --all-targets -- -D warnings

doc:
	SKIP_WASM_BUILD=1 RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps

# A dApp's view: @polkadot/api against a development node.
polkadotjs:
	cargo build --locked -p salus-node -p salus-cli
	cd scripts/polkadotjs && npm ci --no-audit --no-fund --loglevel=error && npm test

# The digests that consensus compares, from code that is optimised as releases are.
digests:
	cargo nextest run --locked --release -p salus-analytics -E 'test(determinism::)'

# Unit, integration and end-to-end tests.
unit:
	cargo build --locked -p salus-node -p salus-cli
	cargo nextest run --locked --workspace

# Real nodes that are killed, cut off and stalled. Minutes, for a machine that does nothing else.
test-faults: setup-test
	cargo build --locked -p salus-node -p salus-cli
	cargo nextest run --locked --workspace --profile faults

# A consortium's validators that join, leave, die, are cut off, lose disks and clocks.
# Half an hour, as root for the network namespaces. What this machine cannot do fails, unless
# SALUS_ALLOW_SKIPS=1 leaves it out; then it is said at the end.
test-network: setup-test
	cargo build --locked -p salus-node -p salus-cli
	@skipped=$$(mktemp); export SALUS_SKIPPED=$$skipped SALUS_REHEARSAL; \
	SALUS_REHEARSAL=$$(scripts/rehearsal) && cargo nextest run --locked --workspace --profile network; \
	code=$$?; cat $$skipped >&2; rm -f $$skipped; exit $$code

# The image and the compose file without an engine: clean Debian roots and namespaces, as root.
test-docker: setup-test
	scripts/setup docker
	cargo build --locked -p salus-node -p salus-cli
	cargo nextest run --locked --workspace --profile docker

# The parachain flavour's collator, and final blocks of a development chain with it. Half an hour where
# nothing was built before.
collator: setup-test
	cargo build --locked -p salus-node --features collator
	cargo nextest run --locked -p salus-node --features collator -E 'test(/^collator::/)'

# Blocks of the parachain flavour, validated as relay chains do.
test-parachain: setup-test
	cargo nextest run --locked -p salus-runtime --features parachain-test --test parachain --no-capture
	SKIP_WASM_BUILD=1 cargo clippy --locked -p salus-runtime --features parachain --all-targets -- -D warnings
	SKIP_WASM_BUILD=1 cargo nextest run --locked -p salus-runtime --features parachain --lib

# Both blobs twice from nothing: the same bytes, within their limits.
reproducible: setup
	scripts/reproducible

# Networks of zombienet's, checked one after the other, on a machine that does nothing else. Its
# library is a release train of its own, compiled in a directory of its own.
NETWORKS ?= four.toml ten.toml
test-zombienet: setup
	cargo build --locked -p salus-node -p salus-cli
	CARGO_TARGET_DIR=$(dir $(CARGO_TARGET_DIR))zombienet cargo run --locked \
		--manifest-path zombienet/runner/Cargo.toml -- $(addprefix zombienet/,$(NETWORKS))

# Fuzzy c-means against scikit-fuzzy, in one run.
bench-fcm:
	bench/fcm/run.sh

# Finality, committed and imported transactions of four validators, on an idle machine: half an hour
# to compile, ten minutes to run. JSON=FILE writes everything that was measured.
bench-chain: setup
	cargo build --locked --release -p salus-node -p salus-cli -p salus-bench-chain \
		--features salus-node/jemalloc
	SALUS_NODE=$(CARGO_TARGET_DIR)/release/salus-node $(CARGO_TARGET_DIR)/release/bench-chain $(if $(JSON),--json $(JSON)) $(BENCH_FLAGS)

# Paillier encryption against phe and pypaillier, in one run.
bench-paillier:
	bench/paillier/run.sh

# Trainings on the cohorts of the folder SALUS_DATA, all back-ends, against the book's tables.
bench-svm:
	bench/svm/run.sh $(BENCH_FLAGS)

# Erasure coding against zfec and ISA-L, proofs in wasm, storage on disk, losses that a branch
# survives (PLOT=FILE.png). Wants 3 GiB below TMPDIR.
bench-erasure: setup
	bench/erasure/run.sh

# Shapley values with retraining against pydvl, of twenty owners, and of a table of twenty-five, on the
# cohorts of the folder SALUS_DATA.
bench-shapley: setup
	bench/shapley/run.sh

# The book's figures 7.4 to 7.9 as pictures in FIGURES, checked for their shape.
FIGURES ?= $(CARGO_TARGET_DIR)/figures-shapley
figures-shapley: setup
	bench/shapley/run.sh figures $(FIGURES) $(BENCH_FLAGS)

# Weights of the pallets, on an idle machine.
weights: setup
	scripts/weights

# The metadata that the command is compiled against, after a change of the runtime.
metadata: setup
	scripts/metadata

clean:
	cargo clean
