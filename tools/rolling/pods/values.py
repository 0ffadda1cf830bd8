"""What the charts are told, as a team would install them, with Redis and S3."""

from pathlib import Path

from pods.world import OUTSIDE, REDIS, S3

BUCKET = "ondol"
OBJECTS = {"url": f"s3://{BUCKET}/rolling", "region": "us-east-1", "endpoint": f"http://s3:{S3.port}"}
QUEUE = {"url": f"redis://redis:{REDIS.port}"}
TOOLS = Path(__file__).with_name("tools.toml")


def values(model: str, key_hash: str, secrets: Path, replicas: int) -> "dict[str, dict]":
    """By chart. Without an autoscaler the number of pods is what it says."""
    tools = TOOLS.read_text("utf-8")
    tools = tools.replace("OUTSIDE", f"outside:{OUTSIDE.port}").replace("SECRETS", str(secrets))
    common = {"replicas": replicas, "autoscaling": {"type": "none"}}
    keys = {"hashes": [f"rolling:{key_hash}"]}
    return {
        "api": {**common, "keys": keys, "redis": QUEUE, "objects": OBJECTS},
        # One thread each computes: there may be four of them on two processors.
        "llm-inference": {
            **common,
            "models": {"serve": [model], "pvc": {"claim": "models"}},
            "settings": {"ONDOL_THREADS": 1},
        },
        "mcp": {
            **common,
            "keys": keys,
            "redis": QUEUE,
            "objects": OBJECTS,
            "tools": {"tools.toml": tools},
        },
        "worker": {**common, "redis": QUEUE, "objects": OBJECTS},
    }
