// Replays a run: moves the slider at the chosen speed, and fetches each moment from the server. It builds no HTML.
(() => {
  const form = document.getElementById("replay-form");
  const slider = document.getElementById("replay-at");
  const play = document.querySelector("[data-replay-play]");
  const FRAME_MS = 100;
  let timer = null;

  const end = () => Number(slider.max);
  const speed = () => Number(form.elements.speed.value);

  function show(seconds) {
    slider.value = String(seconds);
    slider.setAttribute("aria-valuetext", duration(1000 * slider.value));
    const query = new URLSearchParams(new FormData(form));
    history.replaceState(null, "", `?${query}`);
    htmx.trigger(form, "replay:show");
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
    play.setAttribute("aria-pressed", "false");
  }

  function start() {
    const from = Number(slider.value) >= end() ? 0 : Number(slider.value);
    const startedAt = performance.now();
    play.textContent = "Pause";
    play.setAttribute("aria-pressed", "true");
    timer = setInterval(() => {
      const seconds = from + ((performance.now() - startedAt) / 1000) * speed();
      show(Math.min(end(), seconds));
      if (seconds >= end()) stop();
    }, FRAME_MS);
  }

  play.addEventListener("click", () => (timer ? stop() : start()));
  form.elements.speed.addEventListener("change", () => {
    if (!timer) return;
    stop();
    start();
  });
  slider.addEventListener("input", () => {
    if (timer) stop();
    show(slider.value);
  });
  document.addEventListener("click", (event) => {
    const to = event.target.closest?.("[data-replay-to]")?.dataset.replayTo;
    if (to === undefined) return;
    event.preventDefault();
    if (timer) stop();
    show(to);
  });
})();
