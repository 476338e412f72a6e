// Moves every figure of the mistakes with the slider and the costs: the server drew them by the same sums
// (views/threshold.tsx). It builds no HTML: it sets text and attributes.
(() => {
  // Looked up each time: the page around it may have become that of another version.
  const find = () => document.getElementById("threshold");
  let counts = null;
  let least = 0;

  const percent = (share) => {
    const value = share * 100;
    return `${value !== 0 && value < 10 ? value.toFixed(1) : Math.round(value)} %`;
  };
  const share = (part, of) => (of ? percent(part / of) : "–");
  const hundredth = (part, of) => (of ? Math.round((100 * part) / of) : "–");
  const money = (amount) => amount.toLocaleString("en", { maximumFractionDigits: 2 });
  const count = (n) => n.toLocaleString("en");

  function draw(form) {
    const { step, costFalsePositive, costFalseNegative } = form.elements;
    counts = form.dataset.counts;
    const rows = JSON.parse(counts);
    const last = Math.max(1, rows.length - 1);
    const [threshold, tp, fp, tn, fn] = rows[step.value];
    const costs = { falsePositive: +costFalsePositive.value, falseNegative: +costFalseNegative.value };
    const all = tp + fp + tn + fn;
    const spent = rows.map((r) => (100 * (r[2] * costs.falsePositive + r[4] * costs.falseNegative)) / all);
    const most = Math.max(...spent);
    least = spent.indexOf(Math.min(...spent));
    const told = {
      from: percent(threshold),
      caught: hundredth(tp, tp + fn),
      cleared: hundredth(tn, tn + fp),
      "right-yes": share(tp, tp + fp),
      "right-no": share(tn, tn + fn),
      accuracy: share(tp + tn, all),
      tp: count(tp),
      fp: count(fp),
      tn: count(tn),
      fn: count(fn),
      cost: money(spent[step.value]),
      least: money(spent[least]),
      "least-from": percent(rows[least][0]),
      most: money(most),
    };
    for (const node of form.querySelectorAll("[data-figure]")) node.textContent = told[node.dataset.figure];
    step.setAttribute(
      "aria-valuetext",
      `from ${told.from}: catches ${told.caught} of 100, cost ${told.cost}`,
    );
    const marker = form.querySelector("[data-marker]");
    for (const end of ["x1", "x2"]) marker.setAttribute(end, `${(100 * step.value) / last}%`);
    const points = spent.map((cost, k) => `${(1000 * k) / last},${880 - (790 * cost) / (most || 1)}`);
    form.querySelector("polyline").setAttribute("points", points.join(" "));
    const code = form.querySelector(".command code");
    code.textContent = code.textContent.replace(/"costs":{.*?}/, `"costs":${JSON.stringify(costs)}`);
  }

  document.addEventListener("input", ({ target }) => {
    const form = target.closest("#threshold");
    if (form) draw(form);
  });
  document.addEventListener("click", ({ target }) => {
    if (!target.closest("#threshold [data-cheapest]")) return;
    const form = find();
    form.elements.step.value = least;
    draw(form);
  });
  document.addEventListener("htmx:after:swap", () => {
    const form = find();
    if (form && form.dataset.counts !== counts) draw(form);
  });
  if (find()) draw(find());
})();
