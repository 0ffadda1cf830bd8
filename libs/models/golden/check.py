#!/usr/bin/env python3
"""Checks the golden logits and perplexity against a second, independent implementation.

A Llama forward pass in numpy and float64, straight from the tensors of the GGUF file, with no
code of transformers or torch. It would show a fault in the way the reference loads the weights,
and it tells how much of a difference is the rounding of the fp32 reference itself. Run it as

    python check.py path/to/SmolLM2-135M-Instruct.Q4_1.gguf
"""

import argparse
import json
from pathlib import Path

import numpy as np
from gguf import GGUFReader, dequantize

HERE = Path(__file__).resolve().parent
TOLERANCE = 5e-4  # Half of what an importer may differ from the golden logits.


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("gguf", type=Path, help="the model file")
    model = Llama(GGUFReader(parser.parse_args().gguf))

    worst = max(logit_differences(model, read("logits.json")))
    print(f"largest difference of a logit: {worst:.2e}")
    golden = read("perplexity.json")
    measured = np.exp(mean_loss(model.logits(golden["ids"]), golden["ids"]))
    print(f"perplexity: {measured:.9g}, golden {golden['perplexity']:.9g}")
    if worst > TOLERANCE or abs(measured / golden["perplexity"] - 1) > TOLERANCE:
        raise SystemExit(f"the golden files differ from the check by more than {TOLERANCE}")


def read(name):
    return json.loads((HERE / name).read_text(encoding="utf-8"))


def logit_differences(model, golden):
    """The largest difference in each recorded row, over sampled logits, top logits and logsumexp."""
    for prompt in golden["prompts"]:
        logits = model.logits(prompt["ids"])
        for expected in prompt["positions"]:
            row = logits[expected["position"]]
            tokens = [token for token, _ in expected["top"]]
            yield abs(row[golden["sampled_ids"]] - expected["sampled"]).max()
            yield abs(row[tokens] - [logit for _, logit in expected["top"]]).max()
            yield abs(np.log(np.exp(row).sum()) - expected["logsumexp"])


def mean_loss(logits, ids):
    logits = logits[:-1]
    chosen = logits[np.arange(len(logits)), ids[1:]]
    return (np.log(np.exp(logits).sum(axis=1)) - chosen).mean()


class Llama:
    """Weights as matrices [outputs, inputs] in float64; activations are [tokens, features]."""

    def __init__(self, reader):
        self.weights = {}
        for tensor in reader.tensors:
            weights = dequantize(tensor.data, tensor.tensor_type)
            self.weights[tensor.name.removesuffix(".weight")] = weights.astype(np.float64)

        def field(name):
            return reader.get_field(f"llama.{name}").contents()

        self.layers = field("block_count")
        self.heads = field("attention.head_count")
        self.shared = self.heads // field("attention.head_count_kv")
        self.epsilon = field("attention.layer_norm_rms_epsilon")
        self.base = field("rope.freq_base")

    def logits(self, ids):
        x = self.weights["token_embd"][ids]
        for layer in range(self.layers):
            x = x + self.attention(layer, self.norm(x, f"blk.{layer}.attn_norm"))
            x = x + self.feed_forward(layer, self.norm(x, f"blk.{layer}.ffn_norm"))
        return self.product(self.norm(x, "output_norm"), "token_embd")

    def attention(self, layer, x):
        def split(name):  # -> [heads, tokens, features of a head]
            rows = self.product(x, f"blk.{layer}.attn_{name}")
            return rows.reshape(len(x), -1, x.shape[1] // self.heads).transpose(1, 0, 2)

        queries, keys, values = self.rotate(split("q")), self.rotate(split("k")), split("v")
        keys, values = (np.repeat(heads, self.shared, axis=0) for heads in (keys, values))
        scores = queries @ keys.transpose(0, 2, 1) / np.sqrt(queries.shape[2])
        scores[:, np.triu(np.ones(scores.shape[1:], dtype=bool), k=1)] = -np.inf
        shares = np.exp(scores - scores.max(axis=2, keepdims=True))
        shares /= shares.sum(axis=2, keepdims=True)
        mixed = (shares @ values).transpose(1, 0, 2).reshape(len(x), -1)
        return self.product(mixed, f"blk.{layer}.attn_output")

    def rotate(self, heads):
        """Turns neighbouring features in pairs, which is how GGUF orders the rows of q and k."""
        tokens, size = heads.shape[1:]
        speeds = self.base ** (-np.arange(0, size, 2) / size)
        turns = np.exp(1j * np.arange(tokens)[:, None] * speeds)
        pairs = (heads[..., 0::2] + 1j * heads[..., 1::2]) * turns
        return np.stack([pairs.real, pairs.imag], axis=-1).reshape(heads.shape)

    def feed_forward(self, layer, x):
        gate = self.product(x, f"blk.{layer}.ffn_gate")
        up = self.product(x, f"blk.{layer}.ffn_up")
        return self.product(gate / (1 + np.exp(-gate)) * up, f"blk.{layer}.ffn_down")

    def norm(self, x, name):
        scale = np.sqrt((x * x).mean(axis=1, keepdims=True) + self.epsilon)
        return x / scale * self.weights[name]

    def product(self, x, name):
        return x @ self.weights[name].T


if __name__ == "__main__":
    main()
