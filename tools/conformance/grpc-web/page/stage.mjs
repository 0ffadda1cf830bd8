// What all checks start from: the settings, the contract as it is at run time, and the server's own figures.

import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";

const settings = await (await fetch("/settings.json")).json();
const contract = new Uint8Array(await (await fetch("/contract.binpb")).arrayBuffer());
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, contract));
const transport = createGrpcWebTransport({ baseUrl: settings.api });

export const stage = {
  ...settings,
  registry,
  authorization: `Bearer ${settings.key}`,
  // The same text every time, of exactly so many tokens.
  request: { model: settings.model, prompt: "Once upon a time", maxTokens: 32, stop: { ignoreEnd: true } },
  client: (service) => createClient(registry.getService(service), transport),
  figures,
};

// Sums of the server's metrics that a page has a part in.
async function figures() {
  const lines = (await (await fetch("/metrics")).text()).split("\n");
  const sum = (...parts) =>
    lines
      .filter((line) => parts.every((part) => line.includes(part)))
      .reduce((total, line) => total + Number(line.split(" ").at(-1)), 0);
  const calls = ["rpc_server_call_duration_seconds_count{", 'service="api"'];
  return {
    calls: sum(...calls),
    cancelled: sum(...calls, 'rpc_method="StreamGenerateText"', 'rpc_response_status_code="CANCELLED"'),
    stopped: sum("ondol_llm_requests_finished_total{", 'reason="cancelled"'),
    running: sum("ondol_llm_requests_running{"),
  };
}
