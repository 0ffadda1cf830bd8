"""Calls by HTTP/1.1 with OpenAI's client, and JSON with the library below it.

load.py starts it with both in its path:

over_http.py ADDRESS KEY MODEL RATE STREAMS TOKENS REST

Nothing is tried again: OpenAI's client would, and nobody would see that a call had failed.
"""

import asyncio
import sys

import httpx2

import openai
from calls import Calls, CutShort, Heard, stated

MESSAGES = [{"role": "user", "content": "Tell me a story."}]
PROMPT = "Once upon a time"
PATIENCE = 120


class Chat:
    def __init__(self, client: openai.AsyncOpenAI, model: str) -> None:
        self.client, self.asked = client, {"model": model, "messages": MESSAGES}

    async def models(self, heard: Heard) -> None:
        await self.client.models.list()
        heard.now()

    def unary(self, tokens: int):
        async def make(heard: Heard) -> None:
            await self.client.chat.completions.create(**self.asked, max_tokens=tokens)
            heard.now()

        return make

    def streamed(self, tokens: int):
        async def make(heard: Heard) -> None:
            reason = None
            chunks = await self.client.chat.completions.create(**self.asked, max_tokens=tokens, stream=True)
            async for chunk in chunks:
                heard.now()
                reason = chunk.choices[0].finish_reason if chunk.choices else reason
            if reason is None:
                raise CutShort("the events ended without a finish_reason")

        return make


def counting(client: httpx2.AsyncClient, model: str):
    """JSON at a path of the contract."""

    async def make(heard: Heard) -> None:
        answer = await client.post(f"/api/v1/models/{model}:countTokens", json={"prompt": PROMPT})
        answer.raise_for_status()
        heard.now()

    return make


def describe(failure: Exception) -> str:
    cause = failure.__cause__
    told = failure if cause is None else Exception(f"{failure} ({type(cause).__name__}: {cause})")
    return stated(told, getattr(failure, "status_code", None) or type(failure).__name__)


async def main(address: str, key: str, model: str, rate: str, streams: str, tokens: str, rest: str) -> None:
    calls, pause = Calls(describe), float(rest)
    url, own = f"http://{address}", {"authorization": f"Bearer {key}"}
    async with (
        openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=PATIENCE) as client,
        httpx2.AsyncClient(base_url=url, headers=own, timeout=PATIENCE) as plain,
    ):
        chat = Chat(client, model)
        stream = chat.streamed(int(tokens))
        await asyncio.gather(
            calls.evenly("countTokens, JSON", float(rate) * 0.8, counting(plain, model)),
            calls.evenly("/v1/models", float(rate) * 0.2, chat.models),
            calls.one_by_one("/v1/chat/completions", chat.unary(8), pause=max(0.1, pause)),
            *(
                calls.one_by_one("/v1/chat/completions, streamed", stream, pause=pause)
                for _ in range(int(streams))
            ),
        )


asyncio.run(main(*sys.argv[1:]))
