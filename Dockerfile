# Every image of Ondol: a service is a target, and all share one build.
#
#   buildah build --build-arg PARTS=built --target api --tag ondol-api .
#
# `./just images` builds, looks at and tries all of them; docs/images.md says what they promise. There is no `# syntax=`
# line, which would fetch a builder from a registry: what stands here, buildah and docker both read by themselves.
#
# The three images that this stands on are named by digest; renew tag and digest together.

# What the programs run on: glibc, libgcc and libstdc++, certificates, time zones, and neither shell nor packages.
ARG BASE=gcr.io/distroless/cc-debian13:nonroot@sha256:e792ab3d241a468a4fd7519ddbbebe66b49b5f365771716ea688ad40b6c6f1c2
# What compiles them. Its glibc must not be newer than the base's.
ARG RUST=docker.io/library/rust:1.95-trixie@sha256:f49565f188ee00bc2a18dd418183f2c5f23ef7d6e691890517ed341a598f67c3
# What fetches libraries and writes bills of materials; nothing of it is shipped.
ARG PYTHON=docker.io/library/python:3.13-slim-trixie@sha256:ffb752e139c0a19692a43af8d8523b274222dd68eebad5d583b45c2201c6e30a
# Where programs, libraries and bills come from: `built` makes them here; `given` finds them in the context, as
# tools/images/parts.py lays them out. Some buildahs see which stages are needed only where it is said.
ARG PARTS=built

# ── make ─────────────────────────────────────────────────────────────────────────────────────────────────────────

# cargo-chef compiles dependencies without our sources, so that they are a layer of their own. A layer, and not a cache
# mount: a registry can keep it from one machine to the next (`./just images --cache`). Mounts keep downloads only.
FROM ${RUST} AS chef
WORKDIR /src
RUN --mount=type=cache,id=ondol-registry,target=/usr/local/cargo/registry,sharing=locked \
    cargo install --locked cargo-chef --version 0.1.78

# The recipe: manifests and Cargo.lock, less what changes nothing in dependencies. It is the same for the same
# dependencies, whatever our sources say, and only its content decides whether they are compiled again.
FROM chef AS planner
COPY . .
RUN cargo chef prepare --recipe-path /recipe.json

# What cargo is told is what it is told below, to the word: another profile, package or feature would be another build.
FROM chef AS cooked
COPY --from=planner /recipe.json /recipe.json
RUN --mount=type=cache,id=ondol-registry,target=/usr/local/cargo/registry,sharing=locked \
    cargo chef cook --recipe-path /recipe.json --profile dist --locked \
    --package api --package llm-inference --package mcp --package worker --package ondol

FROM cooked AS build
COPY . .
# What the programs say of their build (`ondol_build_info`). Not before the dependencies, which it would compile again.
ARG ONDOL_COMMIT=unknown
# cargo goes by times of files, which a builder may set to whatever it likes: our own files are made new, lest the
# stand-ins that were cooked with the dependencies be taken for them. The target folder goes, or the layer would keep a
# second copy of what only the programs are made of. Names of functions stay in the programs, for backtraces.
RUN --mount=type=cache,id=ondol-registry,target=/usr/local/cargo/registry,sharing=locked \
    find . -path ./target -prune -o -type f -exec touch {} + \
    && cargo build --profile dist --locked \
    --package api --package llm-inference --package mcp --package worker --package ondol \
    && mkdir -p /parts/programs \
    && for program in api llm-inference mcp worker ondol; do \
    strip --strip-debug -o "/parts/programs/$program" "target/dist/$program" || exit 1; \
    done \
    && cargo metadata --locked --format-version=1 --filter-platform="$(rustc --print host-tuple)" \
    > /parts/metadata.json \
    && rustc -vV > /parts/rustc.txt \
    && echo "$ONDOL_COMMIT" > /parts/revision \
    && rm -r target

FROM ${PYTHON} AS tools
WORKDIR /src
ENV ONDOL_CACHE=/cache
COPY Cargo.lock LICENSE ./
COPY tools/fetch tools/fetch
COPY tools/sbom tools/sbom
COPY tools/images tools/images

FROM tools AS library
RUN python3 tools/images/library.py cpu /library

FROM tools AS library-cuda
RUN python3 tools/images/library.py cuda /library

FROM tools AS bills
COPY --from=build /parts /parts
RUN python3 tools/images/bills.py --metadata /parts/metadata.json --rustc /parts/rustc.txt \
    --programs /parts/programs /bills

# ── collect ──────────────────────────────────────────────────────────────────────────────────────────────────────

FROM scratch AS built
COPY --from=build /parts/programs /programs
COPY --from=build /parts/revision /
COPY --from=bills /bills /bills
COPY --from=library /library /library
COPY LICENSE /

FROM scratch AS built-cuda
COPY --from=library-cuda /library /library

FROM scratch AS given
COPY programs /programs
COPY bills /bills
COPY library /library
COPY LICENSE revision /

FROM scratch AS given-cuda
COPY library-cuda /library

FROM ${PARTS} AS parts
FROM ${PARTS}-cuda AS parts-cuda

# ── ship ─────────────────────────────────────────────────────────────────────────────────────────────────────────

# Version, revision, time and source are labels that the builder is given (`--label`). buildah 1.28 would take them out of
# its cache; the file with the revision, which is another one for each commit, keeps it from that.
FROM ${BASE} AS base
LABEL org.opencontainers.image.vendor="Ondol" \
      org.opencontainers.image.licenses="Apache-2.0"
# By number, so that Kubernetes can tell that it is not root.
USER 65532:65532
WORKDIR /
COPY --from=parts /LICENSE /revision /usr/share/doc/ondol/

FROM base AS api
LABEL org.opencontainers.image.title="Ondol api" \
      org.opencontainers.image.description="The public door: authenticates, validates and forwards"
COPY --from=parts /bills/api.cdx.json /usr/share/doc/ondol/
COPY --from=parts /programs/api /usr/local/bin/
ENV ONDOL_LISTEN=0.0.0.0:50051 ONDOL_ADMIN_ADDR=0.0.0.0:9401
EXPOSE 50051 9401
ENTRYPOINT ["/usr/local/bin/api"]

# ONNX Runtime's builds tell Microsoft how they are used unless this variable is there when the library is loaded: a
# program that turns it off later has let it begin.
FROM base AS llm-inference
LABEL org.opencontainers.image.title="Ondol llm-inference" \
      org.opencontainers.image.description="Runs language models with ONNX Runtime and serves them by gRPC"
COPY --from=parts /library /usr/local/lib/ondol
COPY --from=parts /bills/llm-inference.cdx.json /usr/share/doc/ondol/
COPY --from=parts /programs/llm-inference /usr/local/bin/
ENV ONDOL_LISTEN=0.0.0.0:50052 ONDOL_ADMIN_ADDR=0.0.0.0:9402 \
    ONDOL_ONNXRUNTIME_LIBRARY=/usr/local/lib/ondol/libonnxruntime.so ONDOL_MODELS=/models \
    ORT_DISABLE_TELEMETRY=1
EXPOSE 50052 9402
ENTRYPOINT ["/usr/local/bin/llm-inference"]

# The same program on NVIDIA GPUs. CUDA and cuDNN come as pinned packages rather than by a base of NVIDIA's, which would
# bring a shell and a package manager; the driver's part comes from the node.
FROM base AS llm-inference-cuda
LABEL org.opencontainers.image.title="Ondol llm-inference for CUDA 13" \
      org.opencontainers.image.description="Runs language models on NVIDIA GPUs with ONNX Runtime and serves them by gRPC"
COPY --from=parts-cuda /library /usr/local/lib/ondol
COPY --from=parts /bills/llm-inference-cuda.cdx.json /usr/share/doc/ondol/
COPY --from=parts /programs/llm-inference /usr/local/bin/
ENV ONDOL_LISTEN=0.0.0.0:50052 ONDOL_ADMIN_ADDR=0.0.0.0:9402 \
    ONDOL_ONNXRUNTIME_LIBRARY=/usr/local/lib/ondol/libonnxruntime.so ONDOL_MODELS=/models \
    ONDOL_EXECUTION_PROVIDER=cuda LD_LIBRARY_PATH=/usr/local/lib/ondol NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    ORT_DISABLE_TELEMETRY=1
EXPOSE 50052 9402
ENTRYPOINT ["/usr/local/bin/llm-inference"]

FROM base AS mcp
LABEL org.opencontainers.image.title="Ondol mcp" \
      org.opencontainers.image.description="Tools over S3 and other APIs, by gRPC and by the Model Context Protocol"
COPY --from=parts /bills/mcp.cdx.json /usr/share/doc/ondol/
COPY --from=parts /programs/mcp /usr/local/bin/
ENV ONDOL_LISTEN=0.0.0.0:50053 ONDOL_ADMIN_ADDR=0.0.0.0:9404
EXPOSE 50053 9404
ENTRYPOINT ["/usr/local/bin/mcp"]

FROM base AS worker
LABEL org.opencontainers.image.title="Ondol worker" \
      org.opencontainers.image.description="Takes jobs from the queue, does them, and writes their results to object storage"
COPY --from=parts /bills/worker.cdx.json /usr/share/doc/ondol/
COPY --from=parts /programs/worker /usr/local/bin/
ENV ONDOL_ADMIN_ADDR=0.0.0.0:9403
EXPOSE 9403
ENTRYPOINT ["/usr/local/bin/worker"]

# The command line, for init containers and jobs: `ondol model pull`, `ondol queue`, `ondol call`.
FROM base AS ondol
LABEL org.opencontainers.image.title="Ondol command line" \
      org.opencontainers.image.description="Model import, a client and the tools of operators"
COPY --from=parts /bills/ondol.cdx.json /usr/share/doc/ondol/
COPY --from=parts /programs/ondol /usr/local/bin/
ENTRYPOINT ["/usr/local/bin/ondol"]
