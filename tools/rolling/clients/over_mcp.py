"""Tools by the Model Context Protocol with its Python SDK, at mcp itself: one client for the whole time.

load.py starts it with the SDK in its path:

over_mcp.py URL KEY RATE SLOW

One client speaks the newest revision, the other one those with a handshake. Each has a call of SLOW seconds
under way besides, one behind the other.
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
QUICK = 0.2
MODES = {"2026-07-28": "2026-07-28", "handshake": "legacy"}


def describe(failure: BaseException) -> str:
    """The first cause within the groups of a library that runs tasks."""
    while causes := getattr(failure, "exceptions", ()):
        failure = causes[0]
    return stated(failure, None)


def ordering(client: Client, seconds: float, session: Heard):
    async def make(heard: Heard) -> None:
        number = f"agent-{uuid.uuid4()}"
        print(json.dumps({"order": number}), flush=True)
        answer = await client.call_tool("desk_order", {"number": number, "seconds": seconds})
        heard.now()
        session.now()
        if answer.is_error or number not in str(answer.structured_content):
            raise CutShort(f"the tool answered {answer}")

    return make


def session(calls: Calls, name: str, url: str, key: str, rate: float, slow: float):
    """One from the beginning to the end of the trial, unless it fails."""
    own = {"authorization": f"Bearer {key}"}

    async def make(heard: Heard) -> None:
        async with (
            httpx2.AsyncClient(headers=own, timeout=PATIENCE) as plain,
            Client(streamable_http_client(url, http_client=plain), mode=MODES[name]) as client,
        ):
            await asyncio.gather(
                calls.evenly(f"tools/call, {name}", rate, ordering(client, QUICK, heard)),
                calls.one_by_one(f"tools/call, {name}, slow", ordering(client, slow, heard), pause=0.5),
            )

    return make


async def main(url: str, key: str, rate: str, slow: str) -> None:
    calls, share = Calls(describe), float(rate) / len(MODES)
    sessions = {name: session(calls, name, url, key, share, float(slow)) for name in MODES}
    await asyncio.gather(*(calls.one_by_one(f"session, {name}", make) for name, make in sessions.items()))


asyncio.run(main(*sys.argv[1:]))
