// gRPC's own client of gRPC-Web, which speaks binary (`+proto`) and, for streams, base64 (`-text`) by XMLHttpRequest.

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { GrpcWebClientBase, MethodDescriptor, MethodType, StatusCode } from "grpc-web";
import { failure, ok, same } from "./expect.mjs";

const PATH = "/ondol.inference.v1.InferenceService";

// One method of the contract, which generated code would hold otherwise.
function method(stage, name) {
  const found = stage.registry.getService("ondol.inference.v1.InferenceService").methods.find((it) => it.name === name);
  const type = found.methodKind === "unary" ? MethodType.UNARY : MethodType.SERVER_STREAMING;
  const write = (message) => toBinary(found.input, message);
  const read = (bytes) => fromBinary(found.output, bytes);
  const make = (init) => create(found.input, init);
  return { make, descriptor: new MethodDescriptor(`${PATH}/${name}`, type, Object, Object, write, read) };
}

function unary(stage, format, name, init, metadata) {
  const { make, descriptor } = method(stage, name);
  const client = new GrpcWebClientBase({ format });
  return client.unaryCall(`${stage.api}${PATH}/${name}`, make(init), metadata, descriptor);
}

const keyed = (stage) => ({ authorization: stage.authorization });

async function both(stage) {
  const seen = [];
  for (const format of ["binary", "text"]) {
    const asked = { model: stage.model, prompt: stage.request.prompt };
    const counted = await unary(stage, format, "CountTokens", asked, keyed(stage));
    ok(counted.tokens > 0 && counted.contextTokens > 0, "no tokens are counted");
    seen.push(counted.tokens);
  }
  same(seen[0], seen[1], "what binary and text say");
  return `${seen[0]} tokens, in binary and as text`;
}

// XMLHttpRequest tells of what has come every 50 ms, so that it takes a longer text to see that it does not come in one piece.
async function stream(stage) {
  const request = { ...stage.request, maxTokens: 128 };
  const { make, descriptor } = method(stage, "StreamGenerateText");
  const client = new GrpcWebClientBase({ format: "text" });
  const url = `${stage.api}${PATH}/StreamGenerateText`;
  const call = client.serverStreaming(url, make(request), keyed(stage), descriptor);
  const arrivals = [];
  let last;
  const status = await new Promise((then, fail) => {
    let told;
    call.on("data", ({ event }) => {
      if (event.case === "token") arrivals.push(performance.now());
      last = event.case;
    });
    call.on("status", (status) => (told = status));
    call.on("error", fail);
    call.on("end", () => then(told));
  });
  same(status?.code, StatusCode.OK, "the status");
  same(last, "finished", "the last event");
  same(arrivals.length, request.maxTokens, "the number of tokens");
  const pieces = 1 + arrivals.filter((at, index) => index > 0 && at - arrivals[index - 1] >= 1).length;
  ok(pieces >= 3, `${arrivals.length} tokens came in ${pieces} pieces`);
  return `${arrivals.length} tokens in ${pieces} pieces, over ${Math.round(arrivals.at(-1) - arrivals[0])} ms`;
}

// The details, which this client leaves to its caller.
function reason(stage, error, code) {
  same(error.code, code, "the code");
  const bytes = Uint8Array.from(atob(error.metadata["grpc-status-details-bin"]), (letter) => letter.charCodeAt(0));
  const status = fromBinary(stage.registry.getMessage("google.rpc.Status"), bytes);
  const info = status.details.find((detail) => detail.typeUrl.endsWith("/google.rpc.ErrorInfo"));
  return fromBinary(stage.registry.getMessage("google.rpc.ErrorInfo"), info.value).reason;
}

async function errors(stage) {
  const call = (init, metadata) => failure(() => unary(stage, "text", "GenerateText", init, metadata));
  const wrong = await call({ ...stage.request, sampling: { temperature: 9 } }, keyed(stage));
  same(reason(stage, wrong, StatusCode.INVALID_ARGUMENT), "INVALID_ARGUMENT", "the reason");
  const nobody = await call(stage.request, {});
  same(reason(stage, nobody, StatusCode.UNAUTHENTICATED), "UNAUTHENTICATED", "the reason");
  const deadline = String(Date.now() + 300);
  const late = await call({ ...stage.request, maxTokens: 1500 }, { ...keyed(stage), deadline });
  same(late.code, StatusCode.DEADLINE_EXCEEDED, "the code");
  return "INVALID_ARGUMENT and UNAUTHENTICATED with their reasons, DEADLINE_EXCEEDED";
}

export const checks = [
  ["gRPC's own client: unary", both],
  ["gRPC's own client: stream", stream],
  ["gRPC's own client: errors", errors],
];
