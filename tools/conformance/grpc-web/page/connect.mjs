// Connect's client of gRPC-Web, on messages that it knows from descriptors alone.

import { Code, ConnectError } from "@connectrpc/connect";
import { apart, failure, ok, same, until } from "./expect.mjs";

const INFERENCE = "ondol.inference.v1.InferenceService";

const keyed = (stage, more = {}) => ({ headers: { authorization: stage.authorization, ...more } });

// The details of an error, by the names of their messages.
function details(stage, error, code) {
  ok(error instanceof ConnectError, `no error of gRPC: ${error}`);
  same(Code[error.code], Code[code], "the code");
  const found = (name) => error.findDetails(stage.registry.getMessage(`google.rpc.${name}`))[0];
  ok(found("ErrorInfo"), `no details can be read: ${error}`);
  return found;
}

async function unary(stage) {
  const client = stage.client(INFERENCE);
  const answer = await client.generateText(stage.request, keyed(stage));
  ok(answer.text.length > 0, "the text is empty");
  same(answer.usage.completionTokens, stage.request.maxTokens, "the number of tokens");
  const counted = await client.countTokens({ model: stage.model, prompt: stage.request.prompt }, keyed(stage));
  same(counted.tokens, answer.usage.promptTokens, "the number of the prompt's tokens");
  return `${answer.usage.completionTokens} tokens of text, ${counted.tokens} of the prompt`;
}

async function stream(stage) {
  const client = stage.client(INFERENCE);
  const whole = await client.generateText(stage.request, keyed(stage));
  const arrivals = [];
  let text = "";
  let last;
  for await (const { event } of client.streamGenerateText(stage.request, keyed(stage))) {
    if (event.case === "token") arrivals.push(performance.now());
    if (event.case === "token" || event.case === "finished") text += event.value.text;
    last = event.case;
  }
  same(last, "finished", "the last event");
  same(text, whole.text, "the text of the stream");
  same(arrivals.length, stage.request.maxTokens, "the number of tokens");
  return apart(arrivals);
}

async function metadata(stage) {
  const client = stage.client(INFERENCE);
  const wanted = crypto.randomUUID();
  let headers;
  const onHeader = (got) => (headers = got);
  await client.listModels({}, { ...keyed(stage, { "x-request-id": wanted }), onHeader });
  same(headers.get("x-request-id"), wanted, "x-request-id");
  same(headers.get("x-ratelimit-limit-requests"), "100000", "x-ratelimit-limit-requests");
  await client.listModels({}, { ...keyed(stage), onHeader });
  ok(headers.get("x-request-id"), "x-request-id of the server's own making is not shown");
  return `x-request-id is ours, and the server's own otherwise; x-ratelimit-* are readable`;
}

async function wrongArgument(stage) {
  const client = stage.client(INFERENCE);
  const request = { ...stage.request, sampling: { temperature: 9 } };
  const calls = [
    () => client.generateText(request, keyed(stage)),
    () => Array.fromAsync(client.streamGenerateText(request, keyed(stage))),
  ];
  for (const call of calls) {
    const error = await failure(call);
    const detail = details(stage, error, Code.InvalidArgument);
    same(detail("ErrorInfo").reason, "INVALID_ARGUMENT", "the reason");
    same(detail("BadRequest").fieldViolations[0].field, "sampling.temperature", "the field");
    same(detail("RequestInfo").requestId, error.metadata.get("x-request-id"), "the request's id");
  }
  return "unary and stream: INVALID_ARGUMENT, sampling.temperature, and the request's id";
}

async function withoutKey(stage) {
  for (const headers of [{}, { authorization: "Bearer ondol_nobody" }]) {
    const error = await failure(() => stage.client(INFERENCE).listModels({}, { headers }));
    same(details(stage, error, Code.Unauthenticated)("ErrorInfo").reason, "UNAUTHENTICATED", "the reason");
  }
  return "UNAUTHENTICATED without a key, and with nobody's";
}

// The client watches the time as well, and gives up with the same code: the details tell who it was. In the first call only
// the server knows of the deadline.
async function deadline(stage) {
  const client = stage.client(INFERENCE);
  const request = { ...stage.request, maxTokens: 1500 };
  let events = 0;
  const begun = performance.now();
  const error = await failure(async () => {
    const options = keyed(stage, { "grpc-timeout": "400m" });
    for await (const _ of client.streamGenerateText(request, options)) events += 1;
  });
  const took = performance.now() - begun;
  same(details(stage, error, Code.DeadlineExceeded)("ErrorInfo").reason, "DEADLINE_EXCEEDED", "the reason");
  ok(events > 1, "no token came before");
  ok(took >= 390 && took < 5000, `it took ${took} ms`);
  const own = await failure(() => client.generateText(request, { ...keyed(stage), timeoutMs: 300 }));
  same(Code[own.code], "DeadlineExceeded", "the code of the client's own deadline");
  await until(async () => (await stage.figures()).running === 0, "nothing runs");
  return `the server's after ${Math.round(took)} ms and ${events - 1} tokens, with details; the client's timeoutMs`;
}

async function abort(stage) {
  const before = await stage.figures();
  const giveUp = new AbortController();
  const request = { ...stage.request, maxTokens: 1500 };
  let tokens = 0;
  const error = await failure(async () => {
    const options = { ...keyed(stage), signal: giveUp.signal };
    for await (const { event } of stage.client(INFERENCE).streamGenerateText(request, options)) {
      if (event.case === "token") tokens += 1;
      if (tokens === 5) giveUp.abort();
    }
  });
  same(Code[error.code], "Canceled", "the code");
  const took = await until(async () => {
    const now = await stage.figures();
    return now.cancelled === before.cancelled + 1 && now.stopped === before.stopped + 1 && now.running === 0;
  }, "the call is CANCELLED at api, and stopped in the engine");
  return `after ${tokens} of 1500 tokens; CANCELLED at api and stopped in the engine within ${took} ms`;
}

export const checks = [
  ["Connect: unary", unary],
  ["Connect: stream", stream],
  ["Connect: metadata", metadata],
  ["Connect: wrong argument", wrongArgument],
  ["Connect: no key", withoutKey],
  ["Connect: deadline", deadline],
  ["Connect: the page gives up", abort],
];
