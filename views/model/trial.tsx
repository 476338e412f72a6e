/** One prediction and nothing else of its model: the page for those who may predict but not read. */

import type { Tried } from "../../core/routes/pages/try-row.ts";
import type { Frame } from "../layout/frame.ts";
import { Layout } from "../layout/layout.tsx";
import { TrialAnswer } from "./try.tsx";

export function TrialPage({ frame, trial, asked }: Tried & { frame: Frame }) {
  return (
    <Layout frame={frame} title={`Prediction of ${asked.name}`} panels={[]}>
      <header class="page-head">
        <h1>
          {asked.name}, version {asked.version}
        </h1>
      </header>
      <TrialAnswer trial={trial} schema={asked.result.schema} />
    </Layout>
  );
}
