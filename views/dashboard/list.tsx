/** What came before? A whole list, newest first: its newest page is the live panel, older pages stand still. */
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import { type Frame, type Links, url } from "../layout/frame.ts";
import { Layout, type Section } from "../layout/layout.tsx";
import { COMPONENTS } from "../panels.tsx";
import { LIST_WORDS } from "../parts/words.ts";
import { Feed } from "./activity.tsx";

export type ListName = "datasets" | "runs" | "models" | "activity";

export interface ListPageProps {
  frame: Frame;
  list: ListName;
  /** Null: the newest page. */
  cursor: number | null;
  read: () => PanelData[ListName];
  /** Where the page above begins; null: it is the newest one. */
  newer: number | null;
}

const SECTION_OF: Partial<Record<ListName, Section>> = {
  datasets: "datasets",
  runs: "runs",
  models: "models",
};

export function ListPage({ frame, list, cursor, read, newer }: ListPageProps) {
  const { links } = frame;
  const { title, says } = LIST_WORDS[list];
  const section = SECTION_OF[list];
  const isNewest = cursor === null;
  return (
    <Layout
      frame={frame}
      title={title}
      panels={isNewest ? [list] : []}
      {...(section ? { current: section } : {})}
    >
      <header class="page-head">
        <h1>{title}</h1>
        <p class="lead">{says}</p>
      </header>
      {isNewest ? frame.drawn(list) : <OlderRows list={list} data={read()} newer={newer} links={links} />}
    </Layout>
  );
}

interface OlderRowsProps extends Pick<ListPageProps, "list" | "newer"> {
  data: PanelData[ListName];
  links: Links;
}

function OlderRows({ list, data, newer, links }: OlderRowsProps) {
  const path = `/${list}`;
  return (
    <section class="panel" aria-label={`${LIST_WORDS[list].title}, older`}>
      <StandingRows list={list} data={data} links={links} />
      <nav class="pager" aria-label="Pages of the list">
        <a class="button" href={url(links, path)}>
          Newest
        </a>
        <a class="button" rel="prev" href={url(links, newer === null ? path : `${path}?cursor=${newer}`)}>
          Newer
        </a>
        {data.next !== null && (
          <a class="button" rel="next" href={url(links, `${path}?cursor=${data.next}`)}>
            Older
          </a>
        )}
      </nav>
    </section>
  );
}

/** The rows as the panel draws them, without what only the present has. */
function StandingRows({ list, data, links }: Omit<OlderRowsProps, "newer">) {
  if (list === "activity") return <Feed items={(data as PanelData["activity"]).items} form="full" />;
  if (!data.items.length) return <p class="empty">Nothing older is kept.</p>;
  const props = { data: { ...data, next: null, arrivals: [], rejection: null }, links, panelKey: list };
  const Rows = COMPONENTS[list] as (own: typeof props) => unknown;
  return <>{Rows(props)}</>;
}
