/** Which models are there, which version of each is live, and how good is it? */
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import { type Links, url } from "../layout/frame.ts";
import { firstSentence, plural, unbroken } from "../parts/format.ts";
import { Empty, LampDot, Older, Time } from "../parts/parts.tsx";
import { modelPath } from "../parts/paths.ts";

export function ModelsPanel({ data, links }: { data: PanelData["models"]; links: Links }) {
  if (!data.items.length)
    return (
      <Empty>
        No model yet. A finished training leaves one here, ready to deploy: start one from{" "}
        <a href={url(links, "/datasets")}>a file's page</a>.
      </Empty>
    );
  return (
    <>
      <ul class="rows">
        {data.items.map(({ name, liveVersion, versions, verdict, createdAt }) => (
          <li class="row" id={`model-row-${name}`}>
            <LampDot lamp={liveVersion === null ? "dark" : "clear"} />
            <a class="row-name" href={url(links, modelPath(name))}>
              {name}
            </a>
            <span class="row-facts">
              {plural(versions, "version")},{" "}
              {liveVersion === null ? "none live" : `version ${liveVersion} is live`}
              {verdict && `. ${unbroken(firstSentence(verdict))}`}
            </span>
            <span class="row-when">
              <Time at={createdAt} />
            </span>
          </li>
        ))}
      </ul>
      <Older links={links} path="/models" next={data.next} label="All models" />
    </>
  );
}
