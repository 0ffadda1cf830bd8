// The JSON face, with nothing but fetch.

import { apart, ok, same } from "./expect.mjs";

function ask(stage, verb, body, headers = {}) {
  return fetch(`${stage.api}/api/v1/models/${stage.model}:${verb}`, {
    method: "POST",
    headers: { authorization: stage.authorization, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

function generation(stage) {
  const { prompt, maxTokens, stop } = stage.request;
  return { prompt, maxTokens, stop };
}

async function unary(stage) {
  const listed = await fetch(`${stage.api}/api/v1/models`, { headers: { authorization: stage.authorization } });
  same((await listed.json()).models[0].id, stage.model, "the model");
  const answer = await ask(stage, "generateText", generation(stage));
  same(answer.status, 200, "the status");
  ok(answer.headers.get("x-request-id"), "x-request-id is not shown");
  const { text, usage } = await answer.json();
  ok(text && usage.completionTokens === stage.request.maxTokens, `the usage is ${JSON.stringify(usage)}`);
  return `${usage.completionTokens} tokens; x-request-id is readable`;
}

// The pieces between `border`s, each with the time at which it was whole.
async function* pieces(answer, border) {
  let rest = "";
  for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
    const [...whole] = (rest + text).split(border);
    rest = whole.pop();
    for (const piece of whole) yield { piece, at: performance.now() };
  }
  same(rest, "", "what is left behind the last piece");
}

async function events(stage) {
  const answer = await ask(stage, "streamGenerateText", generation(stage), { accept: "text/event-stream" });
  same(answer.headers.get("content-type"), "text/event-stream", "the content type");
  const arrivals = [];
  let last;
  for await (const { piece, at } of pieces(answer, "\n\n")) {
    if (piece.startsWith('data: {"token"')) arrivals.push(at);
    last = piece;
  }
  same(last.split("\n")[0], "event: end", "the last event");
  same(arrivals.length, stage.request.maxTokens, "the number of tokens");
  return apart(arrivals);
}

async function lines(stage) {
  const answer = await ask(stage, "streamGenerateText", generation(stage));
  same(answer.headers.get("content-type"), "application/x-ndjson", "the content type");
  const arrivals = [];
  let last;
  for await (const { piece, at } of pieces(answer, "\n")) {
    last = JSON.parse(piece);
    if (last.token) arrivals.push(at);
  }
  ok(last.finished, `the last line is ${JSON.stringify(last)}`);
  same(arrivals.length, stage.request.maxTokens, "the number of tokens");
  return apart(arrivals);
}

async function errors(stage) {
  const wrong = await ask(stage, "generateText", { prompt: "x", sampling: { temperature: 9 } });
  const { error } = await wrong.json();
  same(wrong.status, 400, "the status");
  same(error.param, "sampling.temperature", "the field");
  const nobody = await fetch(`${stage.api}/api/v1/models`);
  same(nobody.status, 401, "the status without a key");
  same((await nobody.json()).error.reason, "UNAUTHENTICATED", "the reason without a key");
  return "400 names sampling.temperature, 401 without a key";
}

async function chat(stage) {
  const messages = [{ role: "user", content: "Say hello." }];
  const asked = { model: stage.model, messages, max_completion_tokens: 32, temperature: 0, stream: true };
  const answer = await fetch(`${stage.api}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: stage.authorization, "content-type": "application/json" },
    body: JSON.stringify(asked),
  });
  let text = "";
  let last;
  for await (const { piece } of pieces(answer, "\n\n")) {
    last = piece;
    if (piece !== "data: [DONE]") text += JSON.parse(piece.slice("data: ".length)).choices[0].delta.content ?? "";
  }
  same(last, "data: [DONE]", "the last event");
  ok(text, "no text came");
  return `${text.length} letters streamed from /v1/chat/completions`;
}

export const checks = [
  ["JSON: unary", unary],
  ["JSON: server-sent events", events],
  ["JSON: lines", lines],
  ["JSON: errors", errors],
  ["JSON: OpenAI's paths", chat],
];
