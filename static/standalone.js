// Fills the standalone page of an exported model: predicts as you type, with the module in the page itself.
const { predict, explain, schema, bounds, selfTest } = await import(document.body.dataset.module);
const form = document.getElementById("row");

function row() {
  const cells = [...form.querySelectorAll("[data-column]")].map((field) => [
    field.dataset.column,
    field.value === "" ? null : field.type === "number" ? field.valueAsNumber : field.value,
  ]);
  return Object.fromEntries(cells);
}

function show() {
  const bounded = bounds === null ? {} : { interval: 0.9 };
  const [answer] = predict([row()], bounded);
  const share = answer.probabilities?.[answer.prediction];
  const chance = share === undefined ? "" : `, probability ${percent(share)}`;
  const { prediction } = answer;
  const told = typeof prediction === "number" ? figure(prediction) : prediction;
  document.getElementById("answer").textContent = `${schema.target}: ${told}${chance}`;
  document.getElementById("bounds").textContent = boundsOf(answer);
  const [{ contributions }] = explain([row()]);
  const ranked = Object.entries(contributions).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
  const lines = ranked.slice(0, 10).map(([name, share]) => {
    const line = document.createElement("tr");
    const text = `${share > 0 ? "+" : ""}${figure(share)}`;
    for (const cell of [name, text]) line.insertCell().textContent = cell;
    const bar = line.insertCell().appendChild(document.createElement("meter"));
    Object.assign(bar, { max: Math.abs(ranked[0][1]) || 1, value: Math.abs(share), title: text });
    return line;
  });
  document.getElementById("contributions").replaceChildren(...lines);
}

// The range that contains the outcome in 9 of 10 cases; empty for a version without bounds.
function boundsOf({ interval, set }) {
  if (interval) return `90 % interval: ${figure(interval.low)} to ${figure(interval.high)}`;
  return set ? `90 % prediction set: ${set.join(", ") || "empty"}` : "";
}

form.addEventListener("input", show);
show();
const { rows, right } = selfTest();
document.getElementById("check").textContent =
  right === rows
    ? `Checked: all ${count(rows)} test predictions in this file equal those of the server that made it.`
    : `Only ${count(right)} of ${count(rows)} test predictions in this file equal those of the server that made it. Do not rely on it.`;
