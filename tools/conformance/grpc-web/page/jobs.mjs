// Long work from a page: hand it in, watch it, read what it made.

import { ok, same } from "./expect.mjs";

async function job(stage) {
  const client = stage.client("ondol.jobs.v1.JobService");
  const headers = { authorization: stage.authorization };
  const work = { case: "generateText", value: { request: stage.request } };
  const made = await client.createJob({ job: { work }, requestId: crypto.randomUUID() }, { headers });
  const states = stage.registry.getEnum("ondol.jobs.v1.State");
  let last;
  for await (const { event } of client.watchJob({ name: made.name }, { headers })) {
    if (event.case === "job") last = event.value;
  }
  same(states.value[last.state].name, "STATE_SUCCEEDED", "the job's state");
  const link = last.artifacts.find((it) => it.path.endsWith("text.txt"));
  const read = await fetch(`${stage.api}${link.path}`, { headers });
  ok((await read.text()).length > 0, "the artifact is empty");
  same(read.headers.get("content-disposition"), 'inline; filename="text.txt"', "content-disposition");
  same(read.headers.get("accept-ranges"), "bytes", "accept-ranges");
  const etag = read.headers.get("etag");
  ok(etag, "etag is not shown");
  const part = await fetch(`${stage.api}${link.path}`, { headers: { ...headers, range: "bytes=0-3" } });
  same(part.status, 206, "the status of a part");
  same(part.headers.get("content-range"), `bytes 0-3/${link.sizeBytes}`, "content-range");
  return `watched to its end; ${link.sizeBytes} bytes read, and its name, etag and a range`;
}

export const checks = [["Connect: a job and its artifact", job]];
