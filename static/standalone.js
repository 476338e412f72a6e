// Fills the page of a model that was taken along: answers as you type, from the module in the page itself.
const { predict, explain, check } = await import(document.body.dataset.module);
const form = document.getElementById("row");

function row() {
  const cells = [...form.querySelectorAll("[data-column]")].map((field) => [
    field.dataset.column,
    field.value || null,
  ]);
  return Object.fromEntries(cells);
}

function show() {
  const [answer] = predict([row()]);
  const shares = Object.entries(answer.probabilities ?? {}).map(
    ([name, share]) => `${name} ${(100 * share).toFixed(1)} %`,
  );
  document.getElementById("answer").textContent = [answer.prediction, ...shares].join(" · ");
  const [{ contributions }] = explain([row()]);
  const ranked = Object.entries(contributions).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
  const lines = ranked.slice(0, 10).map(([name, share]) => {
    const line = document.createElement("tr");
    for (const text of [name, share.toPrecision(3)]) line.insertCell().textContent = text;
    return line;
  });
  document.getElementById("contributions").replaceChildren(...lines);
}

form.addEventListener("input", show);
show();
document.getElementById("check").textContent = `${check()} of 100 rows answered as where it was made`;
