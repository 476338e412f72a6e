/** The API of the sample files that the product brings along. */
import { datasetView } from "../reading-choices.ts";
import { SAMPLE_LIST, sampleFile } from "../samples/index.ts";
import type { Call, Route } from "./route.ts";

/** As if the file had been uploaded: the same checks, the same events; a second time it is the same dataset. */
export function receiveSample({ box, request, params }: Call) {
  const { name, csv } = sampleFile(params.name!);
  return box.datasets.receive(new Request(request.url, { method: "POST", body: csv }), name);
}

export const SAMPLE_ROUTES: Route[] = [
  {
    method: "GET",
    path: "/api/samples",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/samples'",
    says: "Lists the sample files that come along; their data are made up.",
    handle: () => Response.json({ items: SAMPLE_LIST, next: null }),
  },
  {
    method: "POST",
    path: "/api/samples/:name",
    scope: "train",
    example: "curl --fail-with-body -X POST '{home}/api/samples/customers'",
    says: "Makes a sample file and reads it, as if it had been uploaded.",
    handle: async (call) => {
      const { id, isNew, ready } = await receiveSample(call);
      const headers = { location: `/api/datasets/${id}` };
      return Response.json(datasetView(await ready), { status: isNew ? 201 : 200, headers });
    },
  },
];
