// The page of an active run: moves its bar and time left between two reports, by the same estimate as the server
// (core/training/time-left.ts), and opens the model when the run has finished. It builds no HTML.
(() => {
  const TICK_MS = 200;
  const LEAD_SECONDS = 5;
  const RUN = '[data-panel="run"]';
  let wasRunning = false;
  let leading = null;

  // When the estimate on the page was received.
  let told = "";
  let toldAt = 0;
  let toldShare = 0;

  function tick() {
    const pace = document.querySelector(`${RUN} .pace`);
    if (!pace) return;
    const bar = pace.querySelector("progress");
    const { elapsedMs, leftMs } = pace.dataset;
    if (told !== elapsedMs) {
      told = elapsedMs;
      toldAt = performance.now();
      toldShare = bar.value / 100;
    }
    const since = performance.now() - toldAt;
    const say = (name, text) => {
      const node = pace.querySelector(`[data-pace="${name}"]`);
      if (node.textContent !== text) node.textContent = text;
    };
    say("elapsed", `${duration(+elapsedMs + since)} elapsed`);
    if (leftMs === undefined) return;
    const left = Math.max(1, 0.1 * leftMs, leftMs - since);
    const share = toldShare + ((1 - toldShare) * since) / (since + left);
    bar.value = 100 * share;
    const words = [percent(share), timeLeft(left)];
    bar.setAttribute("aria-valuetext", words.join(", "));
    say("share", words[0]);
    say("left", words[1]);
  }

  // A reader who scrolls, or selects Stay, stays.
  function stay() {
    clearInterval(leading);
    leading = null;
    wasRunning = false;
    document.querySelector("[data-lead-words]")?.setAttribute("hidden", "");
  }

  function lead() {
    const link = document.querySelector(`${RUN} [data-lead]`);
    const words = document.querySelector(`${RUN} [data-lead-words]`);
    if (!link || !words || leading) return;
    let seconds = LEAD_SECONDS;
    const count = () => {
      const shown = document.querySelector(`${RUN} [data-lead-words]`);
      shown?.removeAttribute("hidden");
      const text = shown?.querySelector("[data-lead-text]");
      if (text) text.textContent = `Opening the model in ${seconds} s.`;
      if (seconds <= 0) {
        stay();
        location.href = link.href;
      }
      seconds -= 1;
    };
    leading = setInterval(count, 1000);
    count();
  }

  function look() {
    const status = document.querySelector(RUN)?.dataset.status;
    if (status === "running" || status === "queued") wasRunning = true;
    else if (status === "finished" && wasRunning) lead();
  }

  document.addEventListener("htmx:after:swap", look);
  document.addEventListener("click", ({ target }) => {
    if (leading && !target.closest?.("[data-lead]")) stay();
  });
  for (const type of ["keydown", "wheel", "touchmove"]) {
    document.addEventListener(type, () => leading && stay(), { passive: true });
  }
  look();
  setInterval(tick, TICK_MS);
})();
