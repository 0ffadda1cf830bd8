"""Celery in `./just bench queue`: the same steps as Ondol's (libs/jobs/examples/bench_queue).

Threads rather than processes, so that a hundred of them fit; acknowledged after the run, as the others do,
and without a result backend. It has no way to enqueue many in one call.
"""

import logging
import threading
import time

from celery import Celery
from celery.signals import task_postrun, worker_ready

from steps import PAUSE, PAYLOAD, arguments, report, wait_for_word

given = arguments()
app = Celery("bench", broker=given.url)
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    broker_connection_retry_on_startup=False,
)
seen: list[tuple[int, int]] = []
ended = threading.Semaphore(0)
ready = threading.Event()


@app.task(name="noop")
def noop(number: int, _payload: str) -> None:
    seen.append((number, time.monotonic_ns()))


@task_postrun.connect
def count(**_: object) -> None:
    ended.release()


@worker_ready.connect
def begin_work(**_: object) -> None:
    ready.set()


def fill() -> None:
    for number in range(given.jobs):
        noop.delay(number, PAYLOAD)


def work() -> None:
    """In a thread of its own, as the worker has to be in the main one."""
    begin, sent = 0, []
    if given.step == "drain":
        fill()
        wait_for_word()
        begin = time.monotonic_ns()
        start.set()
    else:
        start.set()
        ready.wait()
        wait_for_word()
        for number in range(given.jobs):
            time.sleep(PAUSE)
            sent.append(time.monotonic_ns())
            noop.delay(number, PAYLOAD)
    for _ in range(given.jobs):
        ended.acquire()
    end = time.monotonic_ns()
    exact = len(seen) == given.jobs and len(dict(seen)) == given.jobs
    if given.step == "drain":
        report(given, seconds=(end - begin) / 1e9, exact=exact)
    else:
        report(given, waits_ms=[(at - sent[number]) / 1e6 for number, at in seen], exact=exact)


def enqueue() -> None:
    noop.delay(0, PAYLOAD)
    wait_for_word()
    begin = time.monotonic_ns()
    fill()
    end = time.monotonic_ns()
    with app.connection_for_read() as connection:
        waiting = connection.default_channel.client.llen("celery")
    report(given, seconds=(end - begin) / 1e9, exact=waiting == given.jobs + 1)


if given.step == "enqueue":
    enqueue()
else:
    logging.disable(logging.WARNING)
    start = threading.Event()
    threading.Thread(target=work, daemon=True).start()
    start.wait()
    worker = app.Worker(
        pool="threads", concurrency=given.concurrency, without_gossip=True, without_mingle=True, quiet=True
    )
    worker.start()
