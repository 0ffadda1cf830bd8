"""Uses every endpoint with OpenAI's own client for Python; run_openai.py starts it with that in its path."""

import openai
from openai import OpenAI

ASK = [{"role": "user", "content": "Say hello."}]


def main() -> None:
    client = OpenAI(max_retries=0)
    models = [model.id for model in client.models.list()]
    model = models[0]
    assert client.models.retrieve(model).id == model
    chats(client, model)
    completions(client, model)
    responses(client, model)
    errors(client, model)
    print(f"OpenAI's client for Python {openai.__version__}: {len(models)} models, endpoints and errors")


def chats(client: OpenAI, model: str) -> None:
    settings = {"model": model, "messages": ASK, "max_completion_tokens": 12, "seed": 7}
    whole = client.chat.completions.create(**settings)
    said, usage = whole.choices[0].message.content, whole.usage
    assert said and usage.total_tokens == usage.prompt_tokens + usage.completion_tokens, whole
    assert client.chat.completions.create(**settings).choices[0].message.content == said, "the same seed"
    options = {"include_usage": True}
    chunks = list(client.chat.completions.create(**settings, stream=True, stream_options=options))
    deltas = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    assert "".join(delta or "" for delta in deltas) == said, deltas
    assert chunks[-1].usage == whole.usage and chunks[-2].choices[0].finish_reason, chunks
    with client.chat.completions.stream(**settings) as stream:
        for _ in stream:
            pass
        # The final completion is only for answers that ended by themselves.
        assert stream.current_completion_snapshot.choices[0].message.content == said
    told = client.chat.completions.create(**settings, logprobs=True).choices[0].logprobs.content
    assert told and all(token.logprob < 0.001 for token in told), told
    extras = {"top_k": 1, "min_tokens": 3, "ignore_eos": True}
    longest = client.chat.completions.create(**settings, extra_body=extras)
    assert longest.choices[0].finish_reason == "length" and longest.usage.completion_tokens == 12, longest


def completions(client: OpenAI, model: str) -> None:
    settings = {"model": model, "prompt": "One, two, three,", "max_tokens": 8, "temperature": 0}
    whole = client.completions.create(**settings, logprobs=0)
    said = whole.choices[0].text
    # What was held back at the end belongs to no token.
    assert said and said.startswith("".join(whole.choices[0].logprobs.tokens)), whole
    chunks = client.completions.create(**settings, stream=True)
    assert "".join(chunk.choices[0].text for chunk in chunks) == said
    first = said.split()[0]
    stopped = client.completions.create(**settings, stop=[first])
    assert first not in stopped.choices[0].text and stopped.choices[0].finish_reason == "stop", stopped


def responses(client: OpenAI, model: str) -> None:
    settings = {"model": model, "input": "Say hello.", "max_output_tokens": 12, "temperature": 0}
    whole = client.responses.create(**settings, instructions="Be brief.")
    assert whole.output_text and whole.usage.output_tokens, whole
    assert whole.status in ("completed", "incomplete"), whole
    onward = [*ASK, *whole.output, {"role": "user", "content": "And now goodbye."}]
    assert client.responses.create(**{**settings, "input": onward}).output_text
    said = client.responses.create(**settings).output_text
    events = list(client.responses.create(**settings, stream=True))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == said
    assert events[-1].response.output_text == said, events[-1]
    with client.responses.stream(**{**settings, "max_output_tokens": 500}) as stream:
        for _ in stream:
            pass
        assert stream.get_final_response().output_text


def errors(client: OpenAI, model: str) -> None:
    chat = client.chat.completions.create
    settings = {"model": model, "messages": ASK, "max_tokens": 4}
    nobody = client.with_options(api_key="sk-nobody")
    refused(openai.AuthenticationError, "invalid_api_key", None, nobody.chat.completions.create, **settings)
    unknown = {**settings, "model": "gpt-4o"}
    refused(openai.NotFoundError, "model_not_found", None, chat, **unknown)
    refused(openai.NotFoundError, "model_not_found", None, chat, **unknown, stream=True)
    refused(openai.NotFoundError, "model_not_found", None, client.models.retrieve, model="gpt-4o")
    refused(openai.NotFoundError, "not_found", None, client.embeddings.create, model=model, input="a")
    wrong = openai.BadRequestError
    refused(wrong, "invalid_value", "temperature", chat, **settings, temperature=9)
    refused(wrong, "unsupported_value", "n", chat, **settings, n=2)
    refused(wrong, "unknown_parameter", "mood", chat, **settings, extra_body={"mood": "good"})
    long = [{"role": "user", "content": "word " * 20_000}]
    refused(wrong, "invalid_value", "messages", chat, **{**settings, "messages": long})


def refused(kind: type, code: str, param: object, call: object, **settings: object) -> None:
    try:
        call(**settings)
    except kind as error:
        assert (error.code, error.param) == (code, param), error
        assert error.request_id and error.message, error
        return
    raise AssertionError(f"{settings} was not refused")


main()
