// Uses every endpoint with OpenAI's own client for Node.js; run_openai.py starts it beside the client.

import assert from "node:assert/strict";
import OpenAI from "openai";

const client = new OpenAI({ maxRetries: 0 });
const messages = [{ role: "user", content: "Say hello." }];

async function chats(model) {
  const settings = { model, messages, max_completion_tokens: 12, seed: 7 };
  const whole = await client.chat.completions.create(settings);
  const said = whole.choices[0].message.content;
  assert.ok(said && whole.usage.total_tokens > whole.usage.prompt_tokens);
  const stream = await client.chat.completions.create({
    ...settings,
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = "";
  let usage;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? "";
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, said);
  assert.deepEqual(usage, whole.usage);
  const final = await client.chat.completions.stream(settings).finalContent();
  assert.equal(final, said);
}

async function completions(model) {
  const settings = { model, prompt: "One, two, three,", max_tokens: 8, temperature: 0 };
  const whole = await client.completions.create({ ...settings, logprobs: 0 });
  assert.ok(whole.choices[0].text.startsWith(whole.choices[0].logprobs.tokens.join("")));
  let text = "";
  for await (const chunk of await client.completions.create({ ...settings, stream: true })) {
    text += chunk.choices[0].text;
  }
  assert.equal(text, whole.choices[0].text);
}

async function responses(model) {
  const settings = { model, input: "Say hello.", max_output_tokens: 12, temperature: 0 };
  const whole = await client.responses.create(settings);
  assert.ok(whole.output_text);
  let text = "";
  let last;
  for await (const event of await client.responses.create({ ...settings, stream: true })) {
    if (event.type === "response.output_text.delta") text += event.delta;
    last = event;
  }
  assert.equal(text, whole.output_text);
  assert.ok(["response.completed", "response.incomplete"].includes(last.type));
  const input = [...messages, ...whole.output, { role: "user", content: "And now goodbye." }];
  assert.ok((await client.responses.create({ ...settings, input })).output_text);
}

async function refused(kind, code, param, call) {
  const error = await call().then(
    () => assert.fail("was not refused"),
    (error) => error,
  );
  assert.ok(error instanceof kind, String(error));
  assert.deepEqual([error.code, error.param], [code, param]);
  assert.ok(error.requestID);
}

async function errors(model) {
  const settings = { model, messages, max_tokens: 4 };
  const chat = (more) => () => client.chat.completions.create({ ...settings, ...more });
  const nobody = new OpenAI({ apiKey: "sk-nobody", maxRetries: 0 });
  await refused(OpenAI.AuthenticationError, "invalid_api_key", null, () => nobody.models.list());
  await refused(OpenAI.NotFoundError, "model_not_found", null, chat({ model: "gpt-4o" }));
  await refused(OpenAI.NotFoundError, "model_not_found", null, chat({ model: "gpt-4o", stream: true }));
  await refused(OpenAI.BadRequestError, "invalid_value", "temperature", chat({ temperature: 9 }));
  await refused(OpenAI.BadRequestError, "unsupported_value", "n", chat({ n: 2 }));
}

const models = [];
for await (const model of client.models.list()) models.push(model.id);
assert.equal((await client.models.retrieve(models[0])).id, models[0]);
await chats(models[0]);
await completions(models[0]);
await responses(models[0]);
await errors(models[0]);
const version = (await import("openai/version")).VERSION;
console.log(`OpenAI's client for Node.js ${version}: ${models.length} models, endpoints and errors`);
