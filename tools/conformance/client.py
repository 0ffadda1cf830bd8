"""Lists and calls tools with the official Python SDK; run.py starts it with the SDK in its path.

client.py URL
"""

import asyncio
import sys

from mcp import Client


async def main(url: str) -> None:
    # The newest revision first, then the handshake of the ones before.
    for mode in ("2026-07-28", "legacy"):
        async with Client(url, mode=mode) as client:
            listed = await client.list_tools()
            names = [tool.name for tool in listed.tools]
            assert "greet" in names, names
            answer = await client.call_tool("greet", {"name": "SDK"})
            assert not answer.is_error and answer.content[0].text == "Hello, SDK!", answer
            read = await client.read_resource("test://static-text")
            assert read.contents[0].text.startswith("This is the content"), read
            got = await client.get_prompt("test_simple_prompt")
            assert got.messages[0].content.text.startswith("This is a simple prompt"), got
            print(f"Python SDK, {mode}: {len(names)} tools listed, one called, a resource read, a prompt got")


asyncio.run(main(sys.argv[1]))
