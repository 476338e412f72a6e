// Keeps a page live: names its position in the log when the socket opens, ignores what is not newer, polls while the
// socket is down, and reopens it whatever closed it. It builds no HTML.
(() => {
  const body = document.body;
  const live = () => document.getElementById("live");
  const pill = document.getElementById("pill");
  const announce = document.getElementById("announce");
  if (!live()) return;

  const WORDS = { live: "Live", polling: "Polling", offline: "Offline" };
  const RECONNECTS = [1001, 1005, 1006, 1011, 1012, 1013, 1014];
  const POLL_MS = 2000;
  const MOST_MS = 15000;
  const PATIENCE_MS = 1500;
  const SILENT_MS = 14000;
  const OPENING_MS = 10000;
  const connectUrl = live().getAttribute("hx-ws:connect");

  let epoch = body.dataset.epoch;
  let position = Number(body.dataset.seq);
  let seqs = new Map();
  let socket = null;
  let heardAt = 0;
  let triedAt = Date.now();
  let poller = null;
  let wait = POLL_MS;

  const seqOf = (panel) => seqs.get(panel) ?? Number(body.dataset.seq);

  function show(state) {
    if (!pill || pill.dataset.state === state) return;
    pill.dataset.state = state;
    pill.textContent = WORDS[state];
    pill.title = pill.dataset[state] ?? "";
    document.dispatchEvent(new CustomEvent("live:state", { detail: state }));
  }

  function startPolling() {
    if (poller) return;
    wait = POLL_MS;
    poller = setTimeout(poll);
  }

  function stopPolling() {
    clearTimeout(poller);
    poller = null;
  }

  // One request for all panels of the page; at growing intervals while there is nothing new, or no response.
  async function poll() {
    if (!document.hidden && !isOpen()) await askAll();
    if (poller) poller = setTimeout(poll, wait);
  }

  async function askAll() {
    const url = positioned(connectUrl.replace("/ws?", "/panels?"));
    wait = Math.min(wait * 1.5, MOST_MS);
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(OPENING_MS) });
      // Access has ended: the reloaded page says so, or redirects to the sign-in page.
      if (answer.status === 401) return reload();
      if (!answer.ok) throw answer;
      const frame = await answer.json();
      if (isOpen()) return;
      show("polling");
      if (frame.gone) return reload();
      greet(frame);
      if (!frame.content) return;
      wait = POLL_MS;
      await htmx.swap({
        text: frame.content,
        target: live(),
        swap: "none swapEmpty:false",
        sourceElement: live(),
      });
    } catch {
      if (!isOpen()) show("offline");
    }
  }

  function positioned(address) {
    const url = new URL(address, location.href);
    url.searchParams.set("since", position);
    url.searchParams.set("epoch", epoch);
    return url.href;
  }

  function greet(frame) {
    if (frame.epoch !== epoch) seqs = new Map();
    if (frame.truncated) document.getElementById("missed")?.removeAttribute("hidden");
    epoch = frame.epoch;
    position = frame.watermark;
    for (const [panel, seq] of Object.entries(frame.panels)) seqs.set(panel, seq);
  }

  // Delayed, because a form that renames or deletes the page's subject redirects.
  const reload = () => setTimeout(() => location.reload(), POLL_MS);

  const isOpen = () => socket !== null && socket.readyState === WebSocket.OPEN;

  function reopen() {
    if (document.hidden || isOpen()) return;
    triedAt = Date.now();
    live().setAttribute("hx-ws:connect", connectUrl);
    htmx.process(live(), true);
  }

  // The browser does not notice a peer that hangs, neither on an open socket nor on one that is still connecting.
  function dropIfSilent() {
    if (!isOpen() && Date.now() - triedAt > OPENING_MS) return reopen();
    if (!isOpen() || Date.now() - heardAt < SILENT_MS) return;
    const frozen = socket;
    socket = null;
    frozen.close();
    show("offline");
    startPolling();
    reopen();
  }

  document.addEventListener("htmx:ws:before:connection", ({ detail }) => {
    triedAt = Date.now();
    detail.connection.url = positioned(detail.connection.url);
  });

  document.addEventListener("htmx:ws:after:connection", ({ detail }) => {
    if (socket && socket !== detail.connection.socket) socket.close();
    socket = detail.connection.socket;
    heardAt = Date.now();
    stopPolling();
    show("live");
  });

  document.addEventListener("htmx:ws:before:message:incoming", (event) => {
    const { message, connection } = event.detail;
    if (connection.socket !== socket) return event.preventDefault();
    heardAt = Date.now();
    const frame = JSON.parse(message.data);
    if (frame.gone) return reload();
    if (frame.control === "hello") return greet(frame);
    if (frame.trial) {
      if (frame.trial < trial || frame.failed) event.preventDefault();
      if (frame.trial === trial) settle(frame.failed);
      return;
    }
    const drawn = Object.entries(frame.panels ?? {});
    if (!drawn.some(([panel, seq]) => seq > seqOf(panel))) event.preventDefault();
    for (const [panel, seq] of drawn) seqs.set(panel, seq);
    position = Math.max(position, frame.watermark);
  });

  // A form that predicts as you type uses the socket while that is open, otherwise its own request.
  const MOST_ASKED = 4000;
  let trial = 0;
  let waiting = null;
  let declined = null;

  function settle(isFailed) {
    declined = isFailed ? waiting : null;
    waiting = null;
    declined?.requestSubmit();
  }

  document.addEventListener("htmx:before:request", (event) => {
    const form = event.detail.ctx.sourceElement;
    if (!form?.dataset.trial || form === declined || !isOpen()) return;
    const fields = String(new URLSearchParams(new FormData(form)));
    const message = JSON.stringify({ trial: trial + 1, model: form.dataset.trial, form: fields });
    if (message.length > MOST_ASKED) return;
    event.preventDefault();
    trial += 1;
    waiting = form;
    socket.send(message);
  });

  document.addEventListener("htmx:ws:close", ({ detail }) => {
    if (detail.connection.socket && detail.connection.socket !== socket) return;
    socket = null;
    settle(true);
    setTimeout(() => {
      if (!isOpen()) startPolling();
    }, PATIENCE_MS);
    if (detail.reason === "closed" && !RECONNECTS.includes(detail.code)) setTimeout(reopen, PATIENCE_MS);
  });

  // What surrounds the panels seldom changes. Panels carry its state; when that differs, the page is fetched again without
  // its panels, because those on the page may be newer.
  const states = "main:has(.page-head) [data-version], .list-source [data-rows]";
  const version = () =>
    [...document.querySelectorAll(states)].map(({ dataset }) => dataset.version ?? dataset.rows).join();
  let known = version();

  async function renew() {
    known = version();
    const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
    if (!answer || answer.status > 499) {
      known = null;
      return;
    }
    if (!answer.ok) return reload();
    const text = await answer.text();
    const panels = document.querySelectorAll("main [data-panel]:not([hx-morph-skip])");
    for (const panel of panels) panel.setAttribute("hx-morph-skip", "");
    htmx.swap({ text, target: "#main", select: "#main", swap: "outerMorph", sourceElement: body });
    for (const panel of panels) panel.removeAttribute("hx-morph-skip");
  }

  document.addEventListener("htmx:after:swap", () => {
    if (known !== version()) renew();
    const said = document.querySelector("[data-announce]")?.dataset.announce;
    if (announce && said && announce.textContent !== said) announce.textContent = said;
  });

  document.addEventListener("visibilitychange", () => {
    triedAt = Date.now();
    if (!document.hidden) setTimeout(() => isOpen() || reopen(), 1000);
  });
  addEventListener("online", reopen);
  addEventListener("offline", () => {
    show("offline");
    socket?.close();
    socket = null;
    startPolling();
  });
  addEventListener("pageshow", ({ persisted }) => persisted && reopen());
  setInterval(dropIfSilent, 1000);
  setTimeout(() => isOpen() || startPolling(), PATIENCE_MS);
})();
