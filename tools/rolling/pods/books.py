"""What became of jobs and orders: those who asked, and those outside who were asked, are compared."""

from collections import Counter
from typing import NamedTuple


class Books(NamedTuple):
    # What clients noted: each job with how it ended, and the number of each order.
    jobs: "list[dict]"
    orders: "list[dict]"
    # What was ordered and told outside.
    outside: "list[dict]"

    def faults(self) -> "list[str]":
        return [*self.of_jobs(), *self.of_orders(), *self.of_webhooks()]

    def of_jobs(self) -> "list[str]":
        found = []
        for job in self.jobs:
            if job["state"] != "STATE_SUCCEEDED" or not job.get("read"):
                found.append(f"a job was lost: {job}")
            elif job["ends"] != 1:
                found.append(f"a job ended {job['ends']} times: {job}")
            elif job["recoveries"]:
                found.append(f"a worker was lost with a job: {job}")
        names = Counter(job["job"] for job in self.jobs)
        return found + [f"{name} was made {count} times" for name, count in names.items() if count > 1]

    def of_orders(self) -> "list[str]":
        """Nobody may call again by himself: the tool says neither that it only reads nor that it may be."""
        came = Counter(one["number"] for one in self.outside if one["outside"] == "ordered")
        asked = [one["order"] for one in self.orders]
        found = [f"an order came {came[number]} times: {number}" for number in asked if came[number] != 1]
        return found + [f"nobody ordered {number}" for number in came if number not in set(asked)]

    def of_webhooks(self) -> "list[str]":
        """Each end is told at least once, and always under the same id."""
        ids: dict[str, set[str]] = {}
        for one in self.told():
            ids.setdefault(one["job"], set()).add(one["id"])
        found = [f"not told: the end of {job['job']}" for job in self.jobs if job["job"] not in ids]
        return found + [f"{job} was told under {len(of)} ids" for job, of in ids.items() if len(of) > 1]

    def told(self) -> "list[dict]":
        return [one for one in self.outside if one["outside"] == "told"]

    def all_told(self) -> bool:
        return {job["job"] for job in self.jobs} <= {one["job"] for one in self.told()}

    def summary(self) -> str:
        told, again = self.told(), len(self.told()) - len({one["id"] for one in self.told()})
        tried = sum(job.get("attempts", 1) > 1 for job in self.jobs)
        lost = sum(job["state"] != "STATE_SUCCEEDED" or not job.get("read") for job in self.jobs)
        orders = sum(one["outside"] == "ordered" for one in self.outside)
        return (
            f"{len(self.jobs)} jobs, {lost} lost, {tried} tried more than once, "
            f"{sum(job.get('resumed', 0) for job in self.jobs)} watches gone on with at another replica. "
            f"{len(self.orders)} orders, {orders} came. "
            f"{len(told)} webhooks, {again} of them told again under the same id."
        )
