"""arq in `./just bench queue`: the same steps as Ondol's (libs/jobs/examples/bench_queue).

It has no way to enqueue many in one call, and looks for work every half a second unless told otherwise.
"""

import asyncio
import logging
import time

from arq import create_pool
from arq.connections import RedisSettings
from arq.worker import Worker

from steps import PAUSE, PAYLOAD, arguments, report, wait_for_word

given = arguments()
seen: list[tuple[int, int]] = []
ended = 0
all_ended = asyncio.Event()


async def noop(_context: dict, number: int, _payload: str) -> None:
    seen.append((number, time.monotonic_ns()))


async def count(_context: dict) -> None:
    global ended
    ended += 1
    if ended == given.jobs:
        all_ended.set()


async def work(pool: object) -> "tuple[asyncio.Task, Worker]":
    worker = Worker(
        functions=[noop],
        redis_pool=pool,
        max_jobs=given.concurrency,
        after_job_end=count,
        handle_signals=False,
        poll_delay=0.5,
    )
    return asyncio.create_task(worker.async_run()), worker


async def main() -> None:
    logging.disable(logging.WARNING)
    settings = RedisSettings.from_dsn(given.url)
    pool = await create_pool(settings)
    if given.step == "enqueue":
        wait_for_word()
        begin = time.monotonic_ns()
        await fill(pool)
        end = time.monotonic_ns()
        report(given, seconds=(end - begin) / 1e9, exact=await pool.zcard("arq:queue") == given.jobs)
    elif given.step == "drain":
        await fill(pool)
        wait_for_word()
        begin = time.monotonic_ns()
        task, _worker = await work(await create_pool(settings))
        await all_ended.wait()
        end = time.monotonic_ns()
        report(given, seconds=(end - begin) / 1e9, exact=is_exact())
        task.cancel()
    else:
        task, _worker = await work(await create_pool(settings))
        wait_for_word()
        sent = []
        for number in range(given.jobs):
            await asyncio.sleep(PAUSE)
            sent.append(time.monotonic_ns())
            await pool.enqueue_job("noop", number, PAYLOAD)
        await all_ended.wait()
        report(given, waits_ms=[(at - sent[number]) / 1e6 for number, at in seen], exact=is_exact())
        task.cancel()


async def fill(pool: object) -> None:
    for number in range(given.jobs):
        await pool.enqueue_job("noop", number, PAYLOAD)


def is_exact() -> bool:
    return len(seen) == given.jobs and len(dict(seen)) == given.jobs


asyncio.run(main())
