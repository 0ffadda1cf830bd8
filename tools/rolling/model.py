"""The model behind all replicas."""

from pathlib import Path

from stand import Stand, free_port

MODEL = "smollm2-135m-instruct"


def start_model(stand: Stand, program: Path) -> "tuple[str, str]":
    """Starts llm-inference with the model of the store; returns the model's name and its URL.

    The environment says where the store and ONNX Runtime are. One thread computes, so that the others have
    processors as well.
    """
    port, admin = free_port(), free_port()
    flags = ["--listen", f"127.0.0.1:{port}", "--admin-addr", f"127.0.0.1:{admin}", "--model", MODEL]
    process = stand.start("llm-inference", [str(program), *flags, "--threads", "1", "--log-filter", "warn"])
    stand.until_ready(process, "llm-inference", admin)
    return MODEL, f"http://127.0.0.1:{port}"
