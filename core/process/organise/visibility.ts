/** Switches who sees a dataset, run or model: the team, or its owner and admins alone. */
import * as z from "zod";
import type { EventLog, Recording } from "../../events/event-log.ts";
import { missingSubject, type Privacy } from "../../events/privacy.ts";
import { type Identity, may } from "../../http/identity/identity.ts";
import { AppError } from "../../platform/errors.ts";
import { lazily } from "../../platform/zod-setup.ts";
import type { Annotated } from "../../store/annotations.ts";
import type { Unchanged } from "../../store/database.ts";
import { findDataset } from "../../store/datasets.ts";
import { findModel } from "../../store/models.ts";
import {
  type Owned,
  settleDataset,
  settleModel,
  settleRun,
  setVisibility,
  VISIBILITIES,
  type Visibility,
} from "../../store/ownership.ts";
import { findRun } from "../../store/runs.ts";
import { runLabel } from "./deletable.ts";

export const VISIBILITY = lazily(() =>
  z
    .enum(VISIBILITIES)
    .optional()
    .describe("private: only its owner and admins see it; team: everybody who may read"),
);

interface Parts {
  log: EventLog;
  privacy: Privacy;
}

interface Asked {
  kind: Annotated;
  subject: string;
  visibility: Visibility;
  by: Identity;
  /** May throw at the moment of the change. */
  unchanged?: Unchanged;
}

/** Throws AppError: `missing`, or `forbidden` for anybody but its owner and admins. */
export async function changeVisibility({ log, privacy }: Parts, asked: Asked): Promise<void> {
  const { kind, subject, visibility, by, unchanged } = asked;
  await log.record(async (tx) => {
    const { label, owned } = await found(tx, kind, subject);
    refuseOthers(owned, by, label);
    await unchanged?.(tx);
    if (owned.visibility === visibility && owned.effectiveVisibility === visibility) return;
    await setVisibility(tx, { kind, subject }, visibility);
    await SETTLE[kind](tx, subject);
    const about = { dataset: { datasetId: subject }, run: { runId: subject }, model: { model: subject } }[
      kind
    ];
    await tx.append("visibility.changed", { label, visibility, isAsked: true, ...about });
  });
  if (privacy.settled !== null) await privacy.settled;
}

const SETTLE = { dataset: settleDataset, run: settleRun, model: settleModel };

async function found(
  tx: Recording,
  kind: Annotated,
  subject: string,
): Promise<{ label: string; owned: Owned }> {
  if (kind === "run") {
    const run = await findRun(tx, subject);
    if (run) return { label: runLabel(run), owned: run };
  } else {
    const owned = kind === "dataset" ? await findDataset(tx, subject) : await findModel(tx, subject);
    if (owned) return { label: owned.name, owned };
  }
  throw missingSubject(kind, subject);
}

function refuseOthers({ owner, ownerName }: Owned, by: Identity, label: string): void {
  if (may(by, "admin") || (owner !== "" && owner === by.key)) return;
  const whose = ownerName ? `it belongs to ${ownerName}` : "its owner is unknown";
  throw new AppError("forbidden", `You cannot change who sees ${label}: ${whose}`, {
    fix: "Ask its owner or an admin.",
  });
}
