"""Tools by the Model Context Protocol with its Python SDK, at mcp itself: one client for the whole time.

load.py starts it with the SDK in its path:

over_mcp.py URL KEY RATE

One client speaks the newest revision, the other one those with a handshake.
"""

import asyncio
import json
import sys
import uuid

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from calls import Calls, CutShort, Heard, stated

PATIENCE = 120
MODES = {"2026-07-28": "2026-07-28", "handshake": "legacy"}


def describe(failure: BaseException) -> str:
    """The first cause within the groups of a library that runs tasks."""
    while causes := getattr(failure, "exceptions", ()):
        failure = causes[0]
    return stated(failure, None)


def ordering(client: Client):
    async def make(heard: Heard) -> None:
        number = f"agent-{uuid.uuid4()}"
        print(json.dumps({"order": number}), flush=True)
        answer = await client.call_tool("desk_order", {"number": number, "seconds": 0.2})
        heard.now()
        if answer.is_error or number not in str(answer.structured_content):
            raise CutShort(f"the tool answered {answer}")

    return make


async def session(calls: Calls, name: str, url: str, key: str, rate: float) -> None:
    own = {"authorization": f"Bearer {key}"}
    async with (
        httpx2.AsyncClient(headers=own, timeout=PATIENCE) as plain,
        Client(streamable_http_client(url, http_client=plain), mode=MODES[name]) as client,
    ):
        await calls.evenly(f"tools/call, {name}", rate, ordering(client))


async def main(url: str, key: str, rate: str) -> None:
    calls = Calls(describe)
    await asyncio.gather(*(session(calls, name, url, key, float(rate) / len(MODES)) for name in MODES))


asyncio.run(main(*sys.argv[1:]))
