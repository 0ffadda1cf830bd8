// BullMQ for Node in `./just bench queue`: the same steps as Ondol's (libs/jobs/examples/bench_queue).
import { createInterface } from 'node:readline';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';

const BULK = 100;
const NAME = 'bench';
const PAYLOAD = 'x'.repeat(512);
const PAUSE_MS = 5;

const word = (flag, other) => {
  const at = process.argv.indexOf(flag);
  return at < 0 ? other : process.argv[at + 1];
};
const url = word('--url');
const jobs = Number(word('--jobs', 10_000));
const concurrency = Number(word('--concurrency', 10));
const queue = new Queue(NAME, { connection: new Redis(url, { maxRetriesPerRequest: null }) });
const lines = createInterface({ input: process.stdin });

const waitForWord = () => {
  console.log('ready');
  return new Promise((resolve) => lines.once('line', resolve));
};
const seconds = (begin) => Number(process.hrtime.bigint() - begin) / 1e9;
const report = (answer) => console.log(JSON.stringify({ jobs, ...answer }));

async function fill() {
  for (let start = 0; start < jobs; start += BULK) {
    const count = Math.min(BULK, jobs - start);
    await queue.addBulk(Array.from({ length: count }, () => ({ name: 'noop', data: PAYLOAD })));
  }
}

// A worker, when each job began, and a promise of the end of the last one.
function work() {
  const seen = new Map();
  let ended = 0;
  let runs = 0;
  const worker = new Worker(
    NAME,
    async (job) => {
      runs += 1;
      if (!seen.has(job.id)) seen.set(job.id, process.hrtime.bigint());
    },
    { connection: new Redis(url, { maxRetriesPerRequest: null }), concurrency },
  );
  const end = new Promise((resolve) => {
    worker.on('completed', () => {
      ended += 1;
      if (ended === jobs) resolve();
    });
  });
  return { worker, seen, end, isExact: () => runs === jobs && seen.size === jobs };
}

const steps = {
  async enqueue() {
    await waitForWord();
    const begin = process.hrtime.bigint();
    for (let number = 0; number < jobs; number += 1) await queue.add('noop', PAYLOAD);
    report({ seconds: seconds(begin), exact: (await queue.count()) === jobs });
  },
  async bulk() {
    await waitForWord();
    const begin = process.hrtime.bigint();
    await fill();
    report({ seconds: seconds(begin), exact: (await queue.count()) === jobs });
  },
  async drain() {
    await fill();
    await waitForWord();
    const begin = process.hrtime.bigint();
    const { end, isExact } = work();
    await end;
    const time = seconds(begin);
    report({ seconds: time, exact: isExact() && (await queue.getCompletedCount()) === jobs });
  },
  async pickup() {
    const { worker, seen, end, isExact } = work();
    await worker.waitUntilReady();
    await waitForWord();
    const sent = [];
    let next = performance.now();
    for (let number = 0; number < jobs; number += 1) {
      next += PAUSE_MS;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())));
      const begin = process.hrtime.bigint();
      sent.push([(await queue.add('noop', PAYLOAD)).id, begin]);
    }
    await end;
    report({ waits_ms: sent.map(([id, begin]) => Number(seen.get(id) - begin) / 1e6), exact: isExact() });
  },
};

await queue.waitUntilReady();
await steps[word('--step')]();
process.exit(0);
