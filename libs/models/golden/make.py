#!/usr/bin/env python3
"""Writes the golden files that the GGUF importer and the tokenizer are checked against.

The reference is transformers on the CPU in fp32, on weights dequantised from the GGUF file.
README.md says what is in each file. Run it as

    python make.py path/to/SmolLM2-135M-Instruct.Q4_1.gguf
"""

import argparse
import hashlib
import json
from pathlib import Path

import tokenizers
import torch
import transformers
from gguf import GGUFReader
from tokenizers import pre_tokenizers

import cases

HERE = Path(__file__).resolve().parent
SAMPLED = 256  # Vocabulary ids whose logits are recorded.
STRIDE = 191  # Their distance: odd, so that they fall on every column of a block of 32.
TOP = 10
MAX_TOKENS = 48
PERPLEXITY_TOKENS = 1024


def main():
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    source = describe(arguments.gguf)
    tokenizer = load_tokenizer(arguments.gguf)
    write(arguments.out / "tokens.json", source, "cases", token_cases(tokenizer))
    write(arguments.out / "chats.json", source, "cases", chat_cases(tokenizer))

    model = load_model(arguments.gguf)
    with torch.inference_mode():
        sampled = [index * STRIDE for index in range(SAMPLED)]
        header = {**source, "sampled_ids": sampled}
        write(arguments.out / "logits.json", header, "prompts", logit_cases(model, tokenizer, sampled))
        header = {**source, "max_tokens": MAX_TOKENS, "end_tokens": [tokenizer.eos_token_id]}
        write(arguments.out / "continuations.json", header, "cases", continuations(model, tokenizer))
        text = (arguments.out / "perplexity.txt").read_text(encoding="utf-8")
        measured = perplexity(model, encode(tokenizer, text)[:PERPLEXITY_TOKENS])
        write(arguments.out / "perplexity.json", {**source, **measured})


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("gguf", type=Path, help="the model file")
    parser.add_argument("--out", type=Path, default=HERE, help="folder with perplexity.txt, written to")
    parser.add_argument("--threads", type=int, default=2, help="processor threads (default 2)")
    return parser.parse_args()


def describe(gguf):
    """Where the figures come from: stands at the head of every golden file."""
    with gguf.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    versions = {module.__name__: module.__version__ for module in (transformers, tokenizers, torch)}
    return {"model": gguf.name, "sha256": digest, "made_with": versions}


def load_tokenizer(gguf):
    """The tokenizer and chat template out of the file's metadata.

    transformers drops the `tokenizer.ggml.pre` field, by which this model splits every digit off
    before anything else (which shows where several spaces stand before a digit): put it back.
    """
    field = GGUFReader(gguf).get_field("tokenizer.ggml.pre")
    if field is None or field.contents() != "smollm":
        raise SystemExit(f"{gguf}: expected tokenizer.ggml.pre = smollm; add its splitting rule here")
    tokenizer = transformers.AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    digits = pre_tokenizers.Digits(individual_digits=True)
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, byte_level])
    return tokenizer


def load_model(gguf):
    """The model with fp32 weights, and attention by plain matrix products and a softmax."""
    model = transformers.AutoModelForCausalLM.from_pretrained(
        gguf.parent,
        gguf_file=gguf.name,
        dtype=torch.float32,
        attn_implementation="eager",
        quantization_config=transformers.GgufConfig(dequantize=True),
    )
    return model.eval()


def encode(tokenizer, text, *, specials=True):
    """Token ids, nothing added; `specials` says whether special tokens in the text are recognised."""
    backend = tokenizer.backend_tokenizer
    backend.encode_special_tokens = not specials
    ids = backend.encode(text, add_special_tokens=False).ids
    backend.encode_special_tokens = False
    return ids


def render(tokenizer, messages, *, generate):
    """A conversation as the model's chat template spells it."""
    return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=generate)


def token_cases(tokenizer):
    for name, text in cases.TOKEN_CASES.items():
        parsed, plain = encode(tokenizer, text), encode(tokenizer, text, specials=False)
        yield {"name": name, "input": text, "parse": parsed, "text": plain}


def chat_cases(tokenizer):
    for name, messages in cases.CHAT_CASES.items():
        yield {
            "name": name,
            "messages": messages,
            "rendered": render(tokenizer, messages, generate=False),
            "rendered_for_generation": render(tokenizer, messages, generate=True),
        }


def logit_cases(model, tokenizer, sampled):
    for name, prompt in cases.LOGIT_PROMPTS.items():
        text = prompt if isinstance(prompt, str) else render(tokenizer, prompt, generate=True)
        ids = encode(tokenizer, text)
        logits = model(torch.tensor([ids])).logits[0]
        last = len(ids) - 1
        positions = [logit_sample(logits, at, sampled) for at in (0, last // 3, 2 * last // 3, last)]
        yield {"name": name, "text": text, "ids": ids, "positions": positions}


def logit_sample(logits, position, sampled):
    """What is kept of one row of logits: those after reading ids[0..=position]."""
    row = logits[position]
    top = torch.topk(row, TOP).indices
    return {
        "position": position,
        "argmax": int(row.argmax()),
        "logsumexp": rounded(row.double().logsumexp(0)),
        "top": [[int(token), rounded(row[token])] for token in top],
        "sampled": [rounded(logit) for logit in row[sampled]],
    }


def continuations(model, tokenizer):
    for question in cases.CONTINUATION_PROMPTS:
        text = render(tokenizer, cases.user(question), generate=True)
        prompt_ids = encode(tokenizer, text)
        ids, margins = greedy(model, prompt_ids, tokenizer.eos_token_id)
        yield {
            "prompt": question,
            "prompt_ids": prompt_ids,
            "ids": ids,
            "margins": margins,
            "finish": "stop" if ids[-1] == tokenizer.eos_token_id else "length",
            "text": tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False),
        }


def greedy(model, prompt_ids, end_token):
    """The likeliest token at every step, and how far its logit is above the runner-up's."""
    ids, margins, past, fed = [], [], None, prompt_ids
    while len(ids) < MAX_TOKENS and (not ids or ids[-1] != end_token):
        output = model(torch.tensor([fed]), past_key_values=past, use_cache=True)
        top = torch.topk(output.logits[0, -1], 2)
        ids.append(int(top.indices[0]))
        margins.append(rounded(top.values[0] - top.values[1]))
        past, fed = output.past_key_values, ids[-1:]
    return ids, margins


def perplexity(model, ids):
    """How well the model foretells each of the ids but the first, in a single pass over all."""
    logits = model(torch.tensor([ids])).logits[0, :-1].double()
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor(ids[1:]))
    return {"perplexity": rounded(loss.exp()), "mean_loss": rounded(loss), "ids": ids}


def rounded(value):
    """Nine significant digits: enough to tell any two fp32 numbers apart."""
    return float(f"{float(value):.9g}")


def write(path, header, name=None, items=()):
    """One JSON object, with one line for each field and for each item of the list `name`."""
    fields = [f"{dump(key)}: {dump(value)}" for key, value in header.items()]
    if name:
        fields.append(f"{dump(name)}: [\n" + ",\n".join(dump(item) for item in items) + "\n]")
    path.write_text("{\n" + ",\n".join(fields) + "\n}\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size} bytes")


def dump(value):
    return json.dumps(value)  # All ASCII, so that no editor can alter an invisible character.


if __name__ == "__main__":
    main()
