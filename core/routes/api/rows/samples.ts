/** The API of the sample files. */
import { SAMPLE_LIST, sampleFile } from "../../../datasets/sample-files/index.ts";
import { type Call, json, listOf, route } from "../route.ts";
import { receivedAnswer } from "./datasets.ts";

/** As if the file had been uploaded: the same checks, the same events; repeated, it returns the same dataset. */
export function receiveSample({
  signalbox,
  request,
  params,
}: Pick<Call, "signalbox" | "request" | "params">) {
  const { name, csv } = sampleFile(params.name!);
  return signalbox.datasets.receive(new Request(request.url, { method: "POST", body: csv }), name);
}

export const SAMPLE_ROUTES = [
  route({
    method: "GET",
    path: "/api/samples",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/samples'",
    says: "Lists the sample files. Their data is generated.",
    answers: { 200: listOf("SAMPLE") },
    handle: () => Response.json({ items: SAMPLE_LIST, next: null }),
  }),
  route({
    method: "POST",
    path: "/api/samples/:name",
    scope: "train",
    example: "curl --fail-with-body -X POST '{home}/api/samples/customers'",
    says: "Generates a sample file and reads it, as if you had uploaded it.",
    answers: { 200: json("DATASET"), 201: json("DATASET"), 202: json("DATASET") },
    handle: async (call) => receivedAnswer(call, await receiveSample(call), true),
  }),
];
