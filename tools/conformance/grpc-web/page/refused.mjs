// The same page where it may not call: the browser gives it nothing, and api never sees a call.

import { Code } from "@connectrpc/connect";
import { failure, same } from "./expect.mjs";

async function refused(stage) {
  const before = await stage.figures();
  const headers = { authorization: stage.authorization };
  const call = await failure(() => stage.client("ondol.inference.v1.InferenceService").listModels({}, { headers }));
  same(Code[call.code], "Unknown", "the code");
  const keyed = await failure(() => fetch(`${stage.api}/api/v1/models`, { headers }));
  same(keyed.name, "TypeError", "what fetch throws");
  same((await stage.figures()).calls, before.calls, "the number of calls at api");
  // This one needs no question beforehand: it is answered, and the browser keeps the answer from the page.
  const plain = await failure(() => fetch(`${stage.api}/openapi.json`));
  same(plain.name, "TypeError", "what fetch throws without headers");
  return `the page gets ${call.rawMessage ?? call}, and api has no call`;
}

export const checks = [["gRPC-Web and JSON are refused", refused]];
