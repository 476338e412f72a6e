/** Draws the import settings: how the file was split into rows and columns, and the choices that read it again. */

import type { Dialect, ReadingChoices, ReadingPreview } from "../../core/csv/types.ts";
import { type Links, url } from "../layout/page-context.ts";
import { sent } from "../parts/form.tsx";
import { short } from "../parts/format.ts";
import { Command, curlLine } from "../parts/parts.tsx";
import { datasetPath } from "../parts/paths.ts";
import { COLUMN_TYPE_NAMES, TYPE_WORDS } from "../parts/words.ts";
import type { ReadyDataset } from "./data.ts";
import { Field } from "./fields.tsx";

const DELIMITERS: readonly { value: string; label: string }[] = [
  { value: ",", label: "comma" },
  { value: ";", label: "semicolon" },
  { value: "\\t", label: "tab" },
  { value: "|", label: "vertical bar" },
  { value: " ", label: "space" },
];

const CELL_LENGTH = 40;
const ENCODINGS = [
  "utf-8",
  "windows-1252",
  "iso-8859-1",
  "iso-8859-15",
  "utf-16le",
  "utf-16be",
  "shift_jis",
  "gb18030",
];

export interface ReadingFormProps {
  links: Links;
  dataset: ReadyDataset;
  preview: ReadingPreview | undefined;
  /** Names of the columns that can be configured. */
  shown: readonly string[];
}

export function ReadingForm({ links, dataset, preview, shown }: ReadingFormProps) {
  const { profile, choices } = dataset;
  const asked = preview?.choices ?? {};
  const { dialect } = profile.plan;
  const columns = profile.plan.columns.filter(({ name }) => shown.includes(name));
  const elsewhere = Object.entries(choices.types ?? {}).filter(([name]) => !shown.includes(name));
  const path = datasetPath(dataset);
  return (
    <>
      <p>{dialect.sentence}</p>
      <details class="expert" data-needs="train" open={preview !== undefined}>
        <summary>Change import settings</summary>
        <form class="form reading-form" method="post" action={url(links, `${path}/reading`)}>
          <div class="reading-choices">
            <CuttingFields links={links} dataset={dataset} asked={asked} />
            <PreviewArea preview={preview} />
          </div>
          <input type="hidden" name="drop" value="" />
          {elsewhere.map(([name, type]) => (
            <input type="hidden" name={`type.${name}`} value={type} />
          ))}
          <section class="scroll" tabindex={0} aria-label="Column types">
            <table class="choices">
              <thead>
                <tr>
                  <th scope="col">Column</th>
                  <th scope="col">Type</th>
                  <th scope="col">Exclude</th>
                </tr>
              </thead>
              <tbody>
                {columns.map(({ name, type }) => (
                  <ColumnChoice
                    name={name}
                    type={type}
                    chosen={(asked.types ?? choices.types)?.[name]}
                    isDropped={asked.drop?.includes(name)}
                  />
                ))}
                {(choices.drop ?? []).map((name) => (
                  <tr>
                    <th scope="row">{name}</th>
                    <td>excluded</td>
                    <td>
                      <input
                        type="checkbox"
                        name="drop"
                        value={name}
                        checked={asked.drop?.includes(name) ?? true}
                        aria-label={`Exclude ${name}`}
                      />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
          <p class="actions">
            <button
              type="submit"
              formaction={url(links, `${path}/preview`)}
              {...sent(url(links, `${path}/preview`), "#reading-preview")}
            >
              Preview
            </button>
            <button type="submit" class="primary" {...sent(url(links, `${path}/reading`))}>
              Save and re-read
            </button>
          </p>
        </form>
        <Command
          code={curlLine(links, {
            method: "PATCH",
            path: `/api${path}`,
            body: { delimiter: ";", encoding: "windows-1252" },
          })}
        />
      </details>
    </>
  );
}

/** How rows are split; a change shows at once how the first rows would be read. */
function CuttingFields(props: { links: Links; dataset: ReadyDataset; asked: ReadingChoices }) {
  const { links, dataset, asked } = props;
  const { dialect } = dataset.profile.plan;
  return (
    <div
      class="form"
      hx-post={url(links, `${datasetPath(dataset)}/preview`)}
      hx-trigger="change"
      hx-target="#reading-preview"
      hx-select="#reading-preview"
      hx-swap="outerMorph"
      hx-sync="this:replace"
    >
      {dialect.format ? (
        <TableFields dialect={dialect} asked={asked} />
      ) : (
        <TextFields dialect={dialect} asked={asked} />
      )}
      <Field id="header" label="Column names">
        <select id="header" name="header">
          <option value="">Current ({dialect.headerRows > 0 ? "from the file" : "generated"})</option>
          <option value="true" selected={asked.header === true}>
            The first row has the names
          </option>
          <option value="false" selected={asked.header === false}>
            The first row is data
          </option>
        </select>
      </Field>
    </div>
  );
}

/** Which cells of a workbook are the table; other formats have no such choice. */
function TableFields({ dialect, asked }: { dialect: Dialect; asked: ReadingChoices }) {
  if (!dialect.sheets) return null;
  return (
    <>
      <Field id="sheet" label="Sheet">
        <select id="sheet" name="sheet">
          <option value="">Current ({dialect.sheet})</option>
          {dialect.sheets.map((sheet) => (
            <option value={sheet} selected={sheet === asked.sheet}>
              {sheet}
            </option>
          ))}
        </select>
      </Field>
      <Field id="range" label="Cells">
        <input id="range" name="range" value={asked.range} placeholder={dialect.range} maxlength={30} />
      </Field>
    </>
  );
}

function TextFields({ dialect, asked }: { dialect: Dialect; asked: ReadingChoices }) {
  const askedDelimiter = asked.delimiter?.replace("\t", "\\t");
  return (
    <>
      <Field id="delimiter" label="Delimiter">
        <select id="delimiter" name="delimiter">
          {[{ value: "", label: `Current (${delimiterWord(dialect.delimiter)})` }, ...DELIMITERS].map(
            ({ value, label }) => (
              <option value={value} selected={value === askedDelimiter}>
                {label}
              </option>
            ),
          )}
        </select>
      </Field>
      <Field id="encoding" label="Encoding">
        <select id="encoding" name="encoding">
          <option value="">Current ({dialect.encoding})</option>
          {ENCODINGS.map((encoding) => (
            <option value={encoding} selected={encoding === asked.encoding}>
              {encoding}
            </option>
          ))}
        </select>
      </Field>
    </>
  );
}

/** The first rows as they would be read; empty until requested. */
function PreviewArea({ preview }: { preview: ReadingPreview | undefined }) {
  return (
    <div id="reading-preview" class="reading-preview" aria-live="polite">
      {!preview && (
        <p class="empty needs-js">
          Change a setting to preview the first rows. Nothing is saved until you select Save.
        </p>
      )}
      {preview && (
        <>
          <p>Preview (not saved): {preview.sentence}</p>
          <section class="scroll table-scroll" tabindex={0} aria-label="Preview of the first rows">
            <table class="data">
              <thead>
                <tr>
                  {preview.names.map((name) => (
                    <th scope="col">{name}</th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {preview.rows.map((cells) => (
                  <tr>
                    {cells.map((cell) => (
                      <td>{short(cell, CELL_LENGTH)}</td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </>
      )}
    </div>
  );
}

function ColumnChoice(props: {
  name: string;
  type: keyof typeof TYPE_WORDS;
  chosen: string | undefined;
  isDropped: boolean | undefined;
}) {
  const { name, type, chosen, isDropped } = props;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <select name={`type.${name}`} aria-label={`Type of ${name}`}>
          <option value="">{TYPE_WORDS[type]} (detected)</option>
          {COLUMN_TYPE_NAMES.map((own) => (
            <option value={own} selected={own === chosen}>
              {TYPE_WORDS[own]}
            </option>
          ))}
        </select>
      </td>
      <td>
        <input type="checkbox" name="drop" value={name} checked={isDropped} aria-label={`Exclude ${name}`} />
      </td>
    </tr>
  );
}

function delimiterWord(delimiter: string): string {
  const value = delimiter === "\t" ? "\\t" : delimiter;
  return DELIMITERS.find((entry) => entry.value === value)?.label ?? delimiter;
}
