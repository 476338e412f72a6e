/** Draws the newest minute of the figures that a history page shows: with the next minute the page gets its new points. */
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import { count, reading } from "../parts/format.ts";
import { Empty, Time } from "../parts/parts.tsx";

export function HistoryPanel({ data }: { data: NonNullable<PanelData["history"]> }) {
  if (data.at === null) return <Empty>Nothing was measured yet.</Empty>;
  return (
    <>
      <dl class="pairs">
        {data.figures.map(({ label, unit, value, at }) => (
          <div>
            <dt>{label}</dt>
            <dd>
              {unit === "" ? count(value) : reading(value, unit)}
              {at !== data.at && (
                <span class="hint">
                  {" "}
                  <Time at={at} />
                </span>
              )}
            </dd>
          </div>
        ))}
      </dl>
      <p class="fine">
        Minute from <Time at={data.at} />. The charts below follow by themselves.
      </p>
    </>
  );
}
