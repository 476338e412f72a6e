// Writes figures in a page's scripts as the server does (core/platform/figures.ts, typeset by views/parts/format.ts);
// tests/views/figures.test.ts compares the two. static/assets.ts puts it before each script that needs it.

// biome-ignore-all lint/correctness/noUnusedVariables: the scripts behind it use them.
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const withMinus = (text) => text.replace(/^-/, "\u2212");
const grouped = (n) => withMinus(Math.abs(n) < 10_000 ? String(n + 0) : n.toLocaleString("en"));
const both = (large, small, unit) => (small > 0 ? `${large} ${small} ${unit}` : large);

function count(n) {
  return Number.isInteger(n) ? grouped(n) : figure(n);
}

function figure(n) {
  if (!Number.isFinite(n)) return "–";
  const size = Math.abs(n);
  if (n !== 0 && (size < 0.001 || size >= 1e9)) {
    const [digits, exponent] = n.toExponential(2).split("e");
    const raised = String(Number(exponent)).replace("-", "⁻");
    return `${withMinus(String(Number(digits)))}\u00a0×\u00a010${raised.replace(/\d/g, (digit) => SUPERSCRIPTS[digit])}`;
  }
  // Less than 1, although rounding gives 1: 0.9998, and >0.9999.
  if (size < 1 - 1e-9 && size.toFixed(3) === "1.000") {
    const near = size.toFixed(4) === "1.0000";
    return withMinus(near ? (n < 0 ? "<\u22120.9999" : ">0.9999") : n.toFixed(4));
  }
  return size >= 100 ? grouped(Math.round(n)) : withMinus(String(Number(n.toPrecision(3))));
}

function percent(share) {
  const value = share * 100;
  if (!Number.isFinite(value)) return "–";
  if (value > 0 && value < 0.05) return "<0.1 %";
  if (value >= 99.95 && value < 100) return ">99.9 %";
  return `${value.toFixed((value > 0 && value < 9.95) || (value > 99 && value < 100) ? 1 : 0)} %`;
}

function thresholdPercent(share) {
  return /[<>]/.test(percent(share)) ? percent(share) : `${Number((100 * share).toFixed(1))} %`;
}

function duration(ms) {
  if (ms < 1) return `${figure(ms)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (seconds < 3600) return both(`${Math.floor(seconds / 60)} min`, seconds % 60, "s");
  return both(`${count(Math.floor(minutes / 60))} h`, minutes % 60, "min");
}

function timeLeft(ms) {
  return ms < 1000 ? "almost done" : `about ${duration(1000 * Math.round(ms / 1000)).replace(".0", "")} left`;
}
