/** Writes the audit log. It is stored beside the event log and never pushed; it holds no body and no query. */
import type { Logger } from "../../platform/logger.ts";
import { type AuditEntry, insertAudit, listAudit } from "../../store/audit.ts";
import type { Store } from "../../store/database.ts";
import type { Identity } from "./identity.ts";

/** What the audit needs from a request. */
interface AuditedRequest {
  address: string;
  path: string;
  requestId: string;
}

export interface AuditView extends Omit<AuditEntry, "id" | "at"> {
  id: string;
  at: string;
}

export class Audit {
  constructor(private readonly options: { store: Store; logger: Logger; now: () => number }) {}

  /** A change that was made, or was refused for lack of access. */
  async record(
    request: AuditedRequest,
    action: string,
    { identity, response }: { identity: Identity; response: Response },
  ): Promise<void> {
    const { headers, status } = response;
    const made = headers.get("location") ?? headers.get("hx-redirect");
    await this.insert(request, { who: identity.name, via: identity.via, action, made, status });
  }

  /** A sign-in or sign-out; `who` is empty if nobody was identified. */
  async note(
    request: AuditedRequest,
    action: string,
    { who, status, via = "browser" }: { who: string; status: number; via?: Identity["via"] },
  ): Promise<void> {
    await this.insert(request, { who, via, action, made: null, status });
  }

  /** Newest first. */
  async page(before: number, limit: number): Promise<{ items: AuditView[]; next: number | null }> {
    const entries = await listAudit(this.options.store, { before, limit });
    const items = entries.map(({ id, at, ...rest }) => ({
      id: String(id),
      at: new Date(at).toISOString(),
      ...rest,
    }));
    return { items, next: entries.length === limit ? entries.at(-1)!.id : null };
  }

  /** The change has already been made: if it cannot be recorded, the log reports that. */
  private async insert(
    { address, path: target, requestId }: AuditedRequest,
    about: Pick<AuditEntry, "who" | "via" | "action" | "made" | "status">,
  ): Promise<void> {
    const { store, logger, now } = this.options;
    try {
      await insertAudit(store, { at: now(), address, target, requestId, ...about });
    } catch (error) {
      logger.error({ requestId, ...about, error: String(error) }, "the audit log could not be written");
    }
  }
}
