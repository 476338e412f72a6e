// Updates all figures of mistakes when the threshold or a cost changes, by the same formulas as the server
// (views/charts/threshold.tsx). It builds no HTML: it sets text and attributes.
(() => {
  // Looked up each time, because the page may have been replaced by that of another version.
  const find = () => document.getElementById("threshold");
  let counts = null;
  let least = 0;

  const share = (part, of) => (of ? percent(part / of) : "–");

  function draw(form) {
    const { threshold: slider, costFalsePositive, costFalseNegative } = form.elements;
    counts = form.dataset.counts;
    const rows = JSON.parse(counts);
    const found = rows.findIndex((row) => row[0] >= slider.value - 1e-9);
    const at = found < 0 ? rows.length - 1 : found;
    const [, tp, fp, tn, fn] = rows[at];
    const costs = { falsePositive: +costFalsePositive.value, falseNegative: +costFalseNegative.value };
    const all = tp + fp + tn + fn;
    const spent = rows.map((r) => (100 * (r[2] * costs.falsePositive + r[4] * costs.falseNegative)) / all);
    const most = Math.max(...spent);
    least = spent.indexOf(Math.min(...spent));
    const told = {
      from: thresholdPercent(+slider.value),
      recall: share(tp, tp + fn),
      cleared: share(tn, tn + fp),
      precision: share(tp, tp + fp),
      accuracy: share(tp + tn, all),
      tp: count(tp),
      fp: count(fp),
      tn: count(tn),
      fn: count(fn),
      cost: figure(spent[at]),
      least: figure(spent[least]),
      "least-from": thresholdPercent(rows[least][0]),
      most: figure(most),
    };
    for (const node of form.querySelectorAll("[data-figure]")) node.textContent = told[node.dataset.figure];
    slider.setAttribute(
      "aria-valuetext",
      `${told.from}: recall ${told.recall}, precision ${told.precision}, cost ${told.cost}`,
    );
    const marker = form.querySelector("[data-marker]");
    for (const end of ["x1", "x2"]) marker.setAttribute(end, `${100 * slider.value}%`);
    const y = (cost) => 900 - (820 * cost) / (most || 1);
    const points = spent.map((cost, k) => `${1000 * rows[k][0]},${y(cost)}`);
    form.querySelector("polyline").setAttribute("points", points.join(" "));
    const optimum = form.querySelector("[data-optimum]");
    optimum.setAttribute("cx", `${100 * rows[least][0]}%`);
    optimum.setAttribute("cy", `${y(spent[least]) / 10}%`);
    const code = form.querySelector(".retrain code");
    code.textContent = code.textContent.replace(/"costs":{.*?}/, `"costs":${JSON.stringify(costs)}`);
  }

  document.addEventListener("input", ({ target }) => {
    const form = target.closest("#threshold");
    if (form) draw(form);
  });
  document.addEventListener("click", ({ target }) => {
    if (!target.closest("#threshold [data-cheapest]")) return;
    const form = find();
    form.elements.threshold.value = JSON.parse(form.dataset.counts)[least][0];
    draw(form);
  });
  document.addEventListener("htmx:after:swap", () => {
    const form = find();
    if (form && form.dataset.counts !== counts) draw(form);
  });
  if (find()) draw(find());

  // A file is checked before it is sent: columns that its header lacks are named beside the button.
  const HEAD_BYTES = 65_536;
  let checked = null;
  const say = (form, text) => {
    form.querySelector(".batch-note").textContent = text;
  };
  const HEAD_LINES = 20;
  // Without the characters that do not distinguish names (core/models/rows/columns.ts).
  const spelling = (name) => name.trim().normalize("NFC").toLowerCase();
  /** The columns that the header lacks; the header is the line that names most columns, below titles and notes. */
  function lacking(text, columns) {
    const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
    const found = lines.slice(0, HEAD_LINES).map((line) => {
      const names = new Set(namesOf(line).map(spelling));
      return columns.filter((name) => !names.has(spelling(name)));
    });
    return found.reduce((best, missing) => (missing.length < best.length ? missing : best), columns);
  }
  /** The names in a header line, split by its most frequent delimiter outside of quotes. */
  function namesOf(line) {
    const bare = line.replace(/"[^"]*"/g, "");
    const delimiter = [",", ";", "\t", "|"].reduce((best, sign) =>
      bare.split(sign).length > bare.split(best).length ? sign : best,
    );
    const names = [""];
    let isQuoted = false;
    for (let at = 0; at < line.length; at += 1) {
      const sign = line[at];
      if (sign === '"' && isQuoted && line[at + 1] === '"') names[names.length - 1] += line[at++];
      else if (sign === '"') isQuoted = !isQuoted;
      else if (sign === delimiter && !isQuoted) names.push("");
      else names[names.length - 1] += sign;
    }
    return names;
  }
  async function check(form) {
    const file = form.elements.file.files[0];
    say(form, "");
    if (!file || /\.(gz|zst|zip|xlsx?|parquet|json|jsonl|ndjson)$/i.test(file.name)) return true;
    const head = await file.slice(0, HEAD_BYTES).text();
    // Bytes that are not UTF-8 may have another encoding or be another kind of file: the server finds out.
    if (/[\0\uFFFD]/.test(head.slice(0, -1))) return true;
    const columns = JSON.parse(form.dataset.columns);
    const missing = lacking(head, columns);
    // A file that is chosen after a warning is checked again.
    if (checked) form.action = form.action.replace(/complete=\d/, `complete=${+(checked !== file)}`);
    if (!missing.length || checked === file) return true;
    const shown = missing.slice(0, 8).join(", ");
    const more = missing.length > 8 ? ` and ${missing.length - 8} more` : "";
    if (missing.length === columns.length) {
      say(form, `${file.name} has none of the model's columns. Its header row needs: ${shown}${more}.`);
      return false;
    }
    checked = file;
    const one = missing.length === 1;
    say(
      form,
      `${file.name} has no ${one ? "column" : "columns"} ${shown}${more}. Select Predict file again to treat ${one ? "it" : "them"} as missing values.`,
    );
    return false;
  }
  document.addEventListener("input", ({ target }) => {
    const form = target.closest("#batch");
    if (form) check(form);
  });
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("#batch");
    if (!form) return;
    event.preventDefault();
    if (await check(form)) form.submit();
  });
})();
