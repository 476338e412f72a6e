/**
 * Draws the standalone page that predicts without a server: a form from the model's schema, its script in a data URL.
 */
import { isNumberField, type ModelSchema } from "../../core/trainer/contract.ts";

export interface StandalonePageProps {
  name: string;
  version: number;
  verdict: string;
  schema: ModelSchema;
  /** The module that contains the model, and the script that fills the page. */
  scripts: { module: string; page: string };
  style: string;
}

export function StandalonePage({ name, version, verdict, schema, scripts, style }: StandalonePageProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{`${name} version ${version}`}</title>
        <link rel="stylesheet" href={dataUrl("text/css", style)} />
      </head>
      <body class="standalone" data-module={dataUrl("text/javascript", scripts.module)}>
        <main>
          <h1>
            {name} version {version}
          </h1>
          <p class="lead">{verdict}</p>
          <form id="row">
            {schema.features.map((feature, index) => (
              <p>
                <label for={`column-${index}`}>{feature.name}</label>
                <Field feature={feature} id={`column-${index}`} />
              </p>
            ))}
          </form>
          <output id="answer" for="row" />
          <p id="bounds" />
          <table>
            <caption>What influenced the prediction</caption>
            <tbody id="contributions" />
          </table>
          <p id="check" />
        </main>
        <script type="module" src={dataUrl("text/javascript", scripts.page)} />
      </body>
    </html>
  );
}

function Field({ feature, id }: { feature: ModelSchema["features"][number]; id: string }) {
  const { name, type, values, example } = feature;
  const shown = example === null ? "" : String(example);
  if (!values?.length) {
    return (
      <input
        id={id}
        data-column={name}
        data-type={type}
        value={shown}
        {...(isNumberField(feature) ? { type: "number", step: "any" } : {})}
      />
    );
  }
  return (
    <select id={id} data-column={name} data-type={type}>
      <option value="">not known</option>
      {values.map((value) => (
        <option value={value} selected={value === shown}>
          {value}
        </option>
      ))}
    </select>
  );
}

function dataUrl(type: string, text: string): string {
  return `data:${type};base64,${btoa(unescape(encodeURIComponent(text)))}`;
}
