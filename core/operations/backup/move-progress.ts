/** Reports the progress of a copy of all data: at most a line per second, and one at the end of each part. */
import { bytes, count, plural } from "../../platform/figures.ts";
import type { CopyListener } from "../../store/copying/copy-tables.ts";
import type { FilesListener } from "./file-copies.ts";

const TELL_EVERY_MS = 1000;

export interface MoveProgress {
  begun: (how: "begun" | "continued") => void;
  rows: CopyListener;
  files: FilesListener;
}

/** `say` prints a line. */
export function moveProgress(say: (line: string) => void, now: () => number): MoveProgress {
  let toldAt = Number.NEGATIVE_INFINITY;
  const tell = (line: string, isLast: boolean) => {
    if (!isLast && now() - toldAt < TELL_EVERY_MS) return;
    toldAt = now();
    say(line);
  };
  return {
    begun: (how) => {
      if (how === "continued") say("Continuing where the last copy stopped");
    },
    rows: (table, copied, rows) => {
      if (rows > 0) tell(`${table}: ${count(copied)} of ${plural(rows, "row")}`, copied === rows);
    },
    files: (done, all, size) =>
      tell(`files: ${count(done)} of ${plural(all, "file")}, ${bytes(size)}`, done === all),
  };
}
