"""The model behind all replicas."""

import argparse

from stand import Stand, free_port

MODEL = "smollm2-135m-instruct"
# What the one that only waits is called, and the time from one of its tokens to the next.
WAITING = "stub"
GAP = "100ms"


def start_model(stand: Stand, given: argparse.Namespace) -> "tuple[str, str]":
    """Returns the model's name and its URL."""
    port = free_port()
    if given.stub:
        command = [str(given.ondol), "bench", "stub", "--listen", f"127.0.0.1:{port}", "--gap", GAP]
        process = stand.start("stub", command)
        stand.until_listening(process, "stub", port)
        return WAITING, f"http://127.0.0.1:{port}"
    # The environment says where the store and ONNX Runtime are. One thread computes, so that the others have
    # processors as well.
    admin = free_port()
    flags = ["--listen", f"127.0.0.1:{port}", "--admin-addr", f"127.0.0.1:{admin}", "--model", MODEL]
    command = [str(given.llm_inference), *flags, "--threads", "1", "--log-filter", "warn"]
    process = stand.start("llm-inference", command)
    stand.until_ready(process, "llm-inference", admin)
    return MODEL, f"http://127.0.0.1:{port}"
