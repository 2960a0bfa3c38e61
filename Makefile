# Two commands do everything: `make demo` runs the main job, `make test` passes the tests.
# The rest is for those who build Switchboard.

CARGO   ?= cargo
RUST    := $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
TOOLS   := target/tools
# One that is installed already serves as well.
DENY    := $(or $(shell command -v cargo-deny),$(TOOLS)/bin/cargo-deny)
# The fault suite kills the process at named points, which only this build has.
FAULTY  := --features switchboard-server/failpoints
# The binary carries the agents' page, which `ui` builds.
PAGE    := --features switchboard-server/embed-ui
UI      := crates/inbox/ui
UI_FROM := $(shell find $(UI)/src $(UI)/build -type f ! -name schema.d.ts ! -name '*.test.ts') \
           $(addprefix $(UI)/,index.html package.json vite.config.ts svelte.config.js)
NODE    := 20.19
N       ?= 200
# Seconds that brokers and database are away in `make faults`.
OUTAGE  ?= 120
CASES   ?= 20000

.PHONY: build ui test test-ui journeys bench-ui demo bench faults fuzz lint format deny \
        toolchain node test-packages

build: toolchain ui
	$(CARGO) build --release --locked -p switchboard-server --features embed-ui

ui: $(UI)/dist/index.html

$(UI)/dist/index.html: $(UI_FROM) $(UI)/node_modules/.package-lock.json
	cd $(UI) && npm run --silent build

$(UI)/node_modules/.package-lock.json: $(UI)/package-lock.json | node
	cd $(UI) && npm ci --ignore-scripts --no-audit --no-fund

demo: build
	target/release/switchboard demo

test: test-packages toolchain lint deny test-ui
	$(CARGO) build --locked --workspace --bins $(FAULTY) $(PAGE)
	$(CARGO) test --locked --workspace $(FAULTY) $(PAGE)
	tests/browser/run

# The page's types are made from the API's own description, so a change there shows here.
test-ui: toolchain ui
	cd $(UI) && npm run --silent check && npm run --silent test
	tests/browser/run check

# People's journeys through the page, in headless Chromium against the binary of `make test`.
journeys: test-packages toolchain ui node
	$(CARGO) build --locked --workspace --bins $(FAULTY) $(PAGE)
	tests/browser/run

# From an event and from a key to the eye; figures in tests/bench/README.md.
bench-ui: build node
	SWITCHBOARD_BIN=$(CURDIR)/target/release/switchboard tests/browser/run bench

lint: toolchain ui
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets $(FAULTY) $(PAGE) -- -D warnings

format:
	$(CARGO) fmt --all

# Licences, bans and sources; the advisory database is asked only where it can be reached.
deny: $(DENY)
	$(CARGO) fetch --locked
	$(DENY) --offline check --hide-inclusion-graph licenses bans sources

$(TOOLS)/bin/cargo-deny: | toolchain
	$(CARGO) install --locked --root $(TOOLS) --version 0.20.2 cargo-deny

# Long suites, by their own commands; a short version of each runs in `make test`.
faults: toolchain
	$(CARGO) build --locked --workspace --bins $(FAULTY)
	SWITCHBOARD_FAULTS=$(N) SWITCHBOARD_OUTAGE_SECONDS=$(OUTAGE) $(CARGO) test --locked \
	  -p switchboard-tests --test faults --test beyond_faults -- --nocapture --test-threads 1

# What the log, the store and the whole path do per second here; figures compare within a run.
bench: test-packages build
	$(CARGO) run --release --locked -p switchboard-stream --example log_rate -- target
	$(CARGO) run --release --locked -p switchboard-storage --example measure -- 100000
	for place in embedded beyond; do \
	  SWITCHBOARD_BIN=$(CURDIR)/target/release/switchboard \
	    $(CARGO) run --release --locked -p switchboard-tests --example whole_path -- $$place || exit 1; \
	done

# The laws of everything that reads strangers' bytes, over many more random cases.
fuzz: toolchain
	PROPTEST_CASES=$(CASES) $(CARGO) test --release --locked --lib \
	  -p switchboard-ingest -p switchboard-classify -p switchboard-config
	PROPTEST_CASES=$(CASES) $(CARGO) test --release --locked -p switchboard-classify --test laws

toolchain:
	@command -v $(CARGO) >/dev/null || { \
	  echo "cargo is missing: install Rust $(RUST) or newer with rustup (Debian: apt-get install rustup)"; exit 2; }
	@.ci/packages build

# The tests run against a real broker, a real database and a real browser.
test-packages:
	@.ci/packages test

node:
	@node -e 'const [a, b, c, d] = (process.versions.node + "." + "$(NODE)").split(".").filter((_, i) => i !== 2).map(Number); process.exit(a > c || (a === c && b >= d) ? 0 : 1)' 2>/dev/null && command -v npm >/dev/null || { \
	  echo "Node $(NODE) or newer with npm is missing (the page is built with it): apt-get install nodejs npm, or https://nodejs.org"; exit 2; }
