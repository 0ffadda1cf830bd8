"""Jobs, from their creation to the reading of what they made, and calls of tools: by gRPC through api.

load.py starts it with grpcio in its path:

over_work.py ADDRESS KEY MODEL HOOKS JOBS TOOLS TOKENS SLOW

JOBS and TOOLS are how many begin in a second. A job is a line of JSON besides, with how it ended, and so is
the number of each order that a tool was given. Every third call of a tool by a job takes SLOW seconds, and so
do those of two callers that do nothing else.
"""

import asyncio
import itertools
import json
import sys
import urllib.request
import uuid

import grpc

from calls import Calls, CutShort, Heard
from described import PATIENCE, Services, describe, described, reason

JOBS, TOOLS = "ondol.jobs.v1.JobService", "ondol.tools.v1.ToolService"
PROMPT = "Once upon a time"
ENDS = ("STATE_SUCCEEDED", "STATE_DEAD", "STATE_CANCELLED", "STATE_EXPIRED")
# How often a job is looked at by those that do not watch it.
LOOK = 1.0
# How long a tool takes otherwise.
QUICK = 0.2
# How long a job may take: a worker may give it back, and the next one begin anew.
LIFE = 240


class Failed(Exception):
    """What went wrong in the course of a job; its own line tells it as well."""


class Work:
    def __init__(self, calls: Calls, services: Services, address: str, key: str) -> None:
        self.calls, self.services = calls, services
        self.url, self.headers = f"http://{address}", {"authorization": f"Bearer {key}"}

    async def step(self, kind: str, make):
        """A call that counts by itself, and its answer."""
        answers = []

        async def call(heard: Heard) -> None:
            answers.append(await make(heard))
            heard.now()

        trouble = await self.calls.one(kind, call)
        if trouble:
            raise Failed(f"{kind}: {trouble}")
        return answers[0]

    async def order(self, seconds: float) -> None:
        number = f"call-{uuid.uuid4()}"
        arguments = {"number": number, "seconds": seconds}
        note(order=number)
        answer = await self.services.unary(
            "ToolService/CallTool", {"name": "tools/desk_order", "arguments": arguments}
        )
        if answer.get("isError") or number not in json.dumps(answer):
            raise CutShort(f"the tool answered {answer}")

    async def job(self, work: dict, hook: str, watched: bool) -> None:
        """Creates it, follows it to its end, and reads what it made."""
        request = {"job": {**work, "webhook": {"url": hook}}, "requestId": str(uuid.uuid4())}
        created = await self.step(
            "CreateJob, gRPC", lambda _: self.services.unary("JobService/CreateJob", request)
        )
        name, told = created["name"], {"resumed": 0, "ends": 0, "state": created["state"]}
        try:
            follow = self.watched if watched else self.polled
            ended = await asyncio.wait_for(follow(name, told), LIFE)
            told.update(attempts=ended.get("attempts", 0), recoveries=ended.get("recoveries", 0))
            if ended["state"] != "STATE_SUCCEEDED":
                raise Failed(f"{ended['state']}: {ended.get('failure')}")
            told["read"] = await self.read(ended)
        finally:
            note(job=name, work=next(iter(work)), **told)

    async def watched(self, name: str, told: dict) -> dict:
        async def watch(heard: Heard) -> dict:
            last, after = None, 0
            while last is None:
                try:
                    last, after = await self.events(name, after, heard, told)
                except grpc.aio.AioRpcError as failure:
                    # As the contract says: this one goes away, go on at another.
                    if not reason(failure, "DRAINING"):
                        raise
                    after = told["after"]
                    told["resumed"] += 1
            return last

        return await self.step("WatchJob, gRPC", watch)

    async def events(self, name: str, after: int, heard: Heard, told: dict):
        last = None
        told["after"] = after
        async for message in self.services.streamed("JobService/WatchJob", {"name": name, "after": after}):
            heard.now()
            told["after"] = int(message.get("sequence", 0)) or told["after"]
            told["state"] = message.get("job", {}).get("state", told["state"])
            if told["state"] in ENDS and "job" in message:
                last = message["job"]
                told["ends"] += 1
        if last is None:
            raise CutShort(f"OK, and the last state was {told['state']}")
        return last, told["after"]

    async def polled(self, name: str, told: dict) -> dict:
        while True:
            job = await self.step(
                "GetJob, gRPC", lambda _: self.services.unary("JobService/GetJob", {"name": name})
            )
            told["state"] = job["state"]
            if job["state"] in ENDS:
                told["ends"] = 1
                return job
            await asyncio.sleep(LOOK)

    async def read(self, job: dict) -> int:
        """The size of its text."""
        path = next(one["path"] for one in job["artifacts"] if one["path"].endswith("/text.txt"))
        request = urllib.request.Request(self.url + path, headers=self.headers)

        def get() -> bytes:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.read()

        text = await self.step("/generated", lambda _: asyncio.to_thread(get))
        if not text:
            raise Failed(f"{path} is empty")
        return len(text)


def note(**told: object) -> None:
    print(json.dumps(told), flush=True)


async def main(address: str, key: str, model: str, hooks: str, *figures: str) -> None:
    jobs, tools, tokens, slow = (float(figure) for figure in figures)
    calls, texts, uses = Calls(describe), itertools.count(), itertools.count()
    services = described(address, JOBS, TOOLS)
    async with grpc.aio.insecure_channel(address) as channel:
        work = Work(calls, Services(channel, services, key), address, key)

        async def generated(heard: Heard) -> None:
            number = next(texts)
            request = {"model": model, "prompt": PROMPT, "maxTokens": int(tokens)}
            await work.job({"generateText": {"request": request}}, f"{hooks}/text/{number}", number % 2 == 0)
            heard.now()

        async def called(heard: Heard) -> None:
            number, order = next(uses), f"job-{uuid.uuid4()}"
            arguments = {"number": order, "seconds": slow if number % 3 == 0 else QUICK}
            note(order=order)
            work_of_it = {"callTool": {"tool": "desk_order", "arguments": arguments}}
            await work.job(work_of_it, f"{hooks}/tool/{number}", number % 2 == 0)
            heard.now()

        def ordered(seconds: float):
            async def call(heard: Heard) -> None:
                await work.order(seconds)
                heard.now()

            return call

        await asyncio.gather(
            calls.evenly("job generate_text", jobs, generated),
            calls.evenly("job call_tool", jobs, called),
            calls.evenly("CallTool, gRPC", tools, ordered(QUICK)),
            *(calls.one_by_one("CallTool, gRPC, slow", ordered(slow), pause=0.5) for _ in range(2)),
        )


asyncio.run(main(*sys.argv[1:]))
