/**
 * Tracks uploads in progress. Their progress is reported together, a few times a second: each report is a commit, and
 * everything waits while the disk writes it.
 */
import type { ColumnProfile } from "../csv/types.ts";
import type { EventLog } from "../events/event-log.ts";
import type { EventData, EventName } from "../events/events.ts";
import type { Logger } from "../platform/logger.ts";

/** An upload in progress: bytes first, rows then. */
export interface UploadInProgress {
  id: string;
  name: string;
  bytes: number;
  bytesTotal: number | null;
  rows: number | null;
  /** Rows read so far; empty before the first ones. */
  columns: ColumnProfile[];
}

const TELL_MS = 200;
/** A reading reports several times a second, a slow upload at least now and then. */
const SILENT_MS = 60_000;
/** Ends the progress of a file. */
const ENDS: ReadonlySet<EventName> = new Set([
  "dataset.settled",
  "dataset.uploaded",
  "dataset.rejected",
  "dataset.deleted",
]);

export class UploadsInProgress {
  private readonly all = new Map<string, UploadInProgress>();
  /** Uploads with progress that is not reported yet. */
  private readonly untold = new Set<string>();
  /** Uploads that have ended, by ID with their names, until that is reported. */
  private readonly departed = new Map<string, string>();
  /** Those of other servers, and when they last reported. */
  private readonly heard = new Map<string, UploadInProgress & { at: number; hostId: string | undefined }>();
  private timer: Timer | null = null;
  private isStopped = false;

  constructor(private readonly options: { log: EventLog; logger: Logger; hostId: string | undefined }) {}

  list(): UploadInProgress[] {
    return [...this.all.values(), ...this.othersNow()];
  }

  get(id: string): UploadInProgress | null {
    return this.all.get(id) ?? this.othersNow().find((upload) => upload.id === id) ?? null;
  }

  /** Reported at once after a pause. Throws what the log throws. */
  async arrive(arrival: UploadInProgress): Promise<void> {
    this.all.set(arrival.id, arrival);
    this.departed.delete(arrival.id);
    this.untold.add(arrival.id);
    if (!this.timer) await this.tell();
  }

  /** Panels that showed its progress are redrawn without it. */
  depart(id: string): void {
    const known = this.all.get(id);
    if (!known) return;
    this.all.delete(id);
    this.untold.delete(id);
    this.departed.set(id, known.name);
    if (!this.timer) void this.tellRest();
  }

  /** What another server reported about an upload or a reading of its own, or that it left or restarted. */
  hear(type: EventName, data: Record<string, unknown>): void {
    if (type === "host.left" || type === "host.joined") {
      for (const [id, { hostId }] of this.heard) if (hostId === data.hostId) this.heard.delete(id);
    } else if (type === "dataset.progressed") {
      const { datasetId: id, hostId, ...progress } = data as EventData<"dataset.progressed">;
      this.heard.set(id, { ...progress, id, hostId, columns: [], at: performance.now() });
    } else if (ENDS.has(type)) this.heard.delete(data.datasetId as string);
  }

  /** An upload whose server fell silent is no longer shown. */
  private othersNow(): UploadInProgress[] {
    const oldest = performance.now() - SILENT_MS;
    for (const [id, { at }] of this.heard) if (at < oldest) this.heard.delete(id);
    return [...this.heard.values()].map(({ at: _, hostId: __, ...upload }) => upload);
  }

  /** Another event has reported that it is over: nothing is left to report. */
  settled(id: string): void {
    this.departed.delete(id);
  }

  stop(): void {
    this.isStopped = true;
    if (this.timer) clearTimeout(this.timer);
  }

  private async tell(): Promise<void> {
    const { log, hostId } = this.options;
    const moved = [...this.untold];
    const departed = [...this.departed];
    this.untold.clear();
    this.departed.clear();
    this.timer = setTimeout(() => void this.tellRest(), TELL_MS);
    await log.record(async (tx) => {
      for (const id of moved) {
        // Its end may have been reported while this waited: others would never hear of another one.
        const upload = this.all.get(id);
        if (!upload) continue;
        const { columns: _, id: datasetId, ...progress } = upload;
        await tx.append("dataset.progressed", { datasetId, ...progress, ...(hostId && { hostId }) });
      }
      for (const [datasetId, name] of departed) await tx.append("dataset.settled", { datasetId, name });
    });
  }

  private async tellRest(): Promise<void> {
    this.timer = null;
    if (this.isStopped || this.untold.size + this.departed.size === 0) return;
    try {
      await this.tell();
    } catch (error) {
      this.options.logger.warn({ error: String(error) }, "the progress of uploads could not be recorded");
    }
  }
}
