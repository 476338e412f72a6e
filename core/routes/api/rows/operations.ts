/** The API for operators: metrics for Prometheus, and a backup of the running server. */
import { revocableBody } from "../../../http/revocable.ts";
import { STREAM_HEADER } from "../../../http/stream.ts";
import { EXPOSITION_TYPE, exposition } from "../prometheus.ts";
import { route } from "../route.ts";

export const OPERATIONS_ROUTES = [
  route({
    method: "GET",
    path: "/metrics",
    scope: "read",
    example: "curl --fail-with-body '{home}/metrics'",
    says: "Returns metrics for Prometheus: runs, queue, predictions, sockets, requests by route, the process and the machine.",
    answers: { 200: { "text/plain": "Prometheus text format 0.0.4" } },
    handle: async ({ signalbox }) =>
      new Response(await exposition(signalbox), { headers: { "content-type": EXPOSITION_TYPE } }),
  }),
  route({
    method: "GET",
    path: "/api/backup",
    scope: "admin",
    example: "curl --fail-with-body -o signalbox.tar '{home}/api/backup'",
    says: "Streams the database, files and models as one tar, consistent while others write. The command `restore` loads it.",
    answers: { 200: { "application/x-tar": "the backup" } },
    refusals: ["conflict"],
    handle: async ({ signalbox, request, hold, takeTime }) => {
      takeTime();
      const { backupStream } = await import("../../../operations/backup/backup-stream.ts");
      const body = await backupStream(signalbox.config, request.signal);
      const day = new Date(signalbox.now()).toISOString().slice(0, 10);
      return new Response(revocableBody(body, hold), {
        headers: {
          "content-type": "application/x-tar",
          "content-disposition": `attachment; filename="signalbox-${day}.tar"`,
          "cache-control": "no-store",
          [STREAM_HEADER]: "no",
        },
      });
    },
  }),
];
