// The socket inspector: connects on request, lists and counts messages by templates of the page, starts a test.
(() => {
  const box = document.getElementById("inspect");
  const part = (name) => document.querySelector(`[data-part="${name}"]`);
  const button = (name) => document.querySelector(`[data-do="${name}"]`);
  const field = (name) => document.getElementById(`inspect-${name}`);
  const KEPT = 500;
  const SHOWN = 100;
  const RATE_SECONDS = 10;
  const HISTORY_KEPT = 100;

  let socket = null;
  let messages = [];
  let isPaused = false;
  let received = 0;
  let datasetId = null;
  // Where a dropped socket continues, and how many missed events it has received.
  let position = null;
  let epoch = null;
  let present = 0;
  let caughtUp = 0;
  let returning = null;

  function say(state, words) {
    part("state").dataset.state = state;
    part("state").textContent = words;
    const isOpen = state === "live" || state === "connecting";
    button("connect").disabled = isOpen;
    button("disconnect").disabled = !isOpen && !returning;
    button("drop").disabled = state !== "live";
    note(words);
  }

  function note(words) {
    const row = part("history-row").content.cloneNode(true);
    row.querySelector(".row-name").textContent = words;
    row.querySelector(".row-when").textContent = new Date().toLocaleTimeString();
    part("history").prepend(row);
    part("history").children[HISTORY_KEPT]?.remove();
  }

  function connect(since) {
    const url = new URL(box.dataset.socket, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    if (/^\d+$/.test(since)) url.searchParams.set("since", since);
    if (since === String(position) && epoch) url.searchParams.set("epoch", epoch);
    say("connecting", "Connecting");
    const own = new WebSocket(url);
    socket = own;
    own.onopen = () => say("live", "Connected");
    own.onmessage = ({ data }) => {
      if (socket === own) take(JSON.parse(data), data.length);
    };
    own.onclose = ({ code }) => {
      if (socket !== own) return;
      socket = null;
      say("offline", `Closed (code ${code})`);
    };
  }

  function drop() {
    const seconds = Math.min(600, Math.max(1, Number(field("seconds").value) || 1));
    const from = position;
    const dropped = socket;
    socket = null;
    dropped.close(1000);
    returning = setTimeout(() => {
      returning = null;
      connect(from === null ? "" : String(from));
    }, seconds * 1000);
    say("offline", `Disconnected for ${seconds} s`);
  }

  function disconnect() {
    clearTimeout(returning);
    if (returning) say("offline", "Not connected");
    returning = null;
    socket?.close(1000);
  }

  function take(message, size) {
    received += 1;
    const type = message.type ?? message.control;
    if (message.control === "hello") greet(message);
    else follow(message.seq);
    messages.unshift({ type, text: JSON.stringify(message), message });
    messages.length = Math.min(messages.length, KEPT);
    tally(type, {
      size,
      lag: message.seq > present && message.at ? Date.now() - Date.parse(message.at) : null,
    });
    if (!isPaused) draw();
  }

  function greet(hello) {
    if (epoch !== null && epoch !== hello.epoch) note("New event log: continuing from now");
    else if (hello.truncated) note("Earlier events are no longer in the log");
    epoch = hello.epoch;
    present = hello.seq;
    caughtUp = 0;
    position ??= hello.seq;
  }

  function follow(seq) {
    if (seq <= present) {
      caughtUp += 1;
      if (seq === present) note(`Received ${caughtUp} missed events`);
    }
    position = seq;
  }

  // Rate, size and lag of each type.
  const types = new Map();
  function tally(type, { size, lag }) {
    if (!types.has(type)) {
      types.set(type, { events: 0, bytes: 0, lag: null, times: [] });
      field("type").add(new Option(type, type));
    }
    const figures = types.get(type);
    figures.events += 1;
    figures.bytes += size;
    figures.lag = lag ?? figures.lag;
    figures.times.push(performance.now());
  }

  function drawTypes() {
    const since = performance.now() - RATE_SECONDS * 1000;
    const rows = [...types]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([type, figures]) => {
        figures.times = figures.times.filter((at) => at >= since);
        figures.row ??= part("type-row").content.cloneNode(true).firstElementChild;
        const { events, bytes, lag, times, row } = figures;
        const rate = figure(times.length / RATE_SECONDS);
        [type, count(events), rate, count(Math.round(bytes / events)), lag ?? ""].forEach((value, index) => {
          row.children[index].textContent = value;
        });
        return row;
      });
    arrange(part("types"), rows);
  }
  setInterval(drawTypes, 1000);

  // Rows that stay are not moved: a row that is removed and added again loses focus, selection and clicks.
  function arrange(list, rows) {
    const shown = new Set(rows);
    for (const row of [...list.children]) if (!shown.has(row)) row.remove();
    rows.forEach((row, index) => {
      if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
    });
  }

  // Draws at most once per frame, however fast messages arrive.
  let isDrawing = false;
  function draw() {
    if (isDrawing) return;
    isDrawing = true;
    requestAnimationFrame(() => {
      isDrawing = false;
      const type = field("type").value;
      const words = field("search").value.toLowerCase();
      const found = messages.filter(
        (entry) => (!type || entry.type === type) && entry.text.toLowerCase().includes(words),
      );
      arrange(part("messages"), found.slice(0, SHOWN).map(row));
      part("count").textContent =
        `${received} received, ${found.length} of the last ${messages.length} match${isPaused ? ", paused" : ""}.`;
    });
  }

  function row(entry) {
    if (entry.row) return entry.row;
    const copy = part("row").content.cloneNode(true);
    const { seq, at, data, control } = entry.message;
    copy.querySelector(".message-seq").textContent = seq ?? "";
    copy.querySelector("time").textContent = at ? new Date(at).toLocaleTimeString() : "";
    copy.querySelector(".message-type").textContent = entry.type;
    copy.querySelector("summary").textContent = control ? entry.text : JSON.stringify(data);
    copy.querySelector("code").textContent = JSON.stringify(entry.message, null, 2);
    entry.row = copy.firstElementChild;
    return entry.row;
  }

  // 400 rows with a rule that a model can find, generated here so that no file is needed.
  function testFile() {
    const rows = ["size,colour,weight,ripe"];
    for (let index = 0; index < 400; index += 1) {
      const size = 20 + ((index * 37) % 61);
      const colour = ["green", "yellow", "red"][(index * 7) % 3];
      const weight = (size * 2.1 + ((index * 13) % 17)).toFixed(1);
      const ripe = size + (colour === "red" ? 20 : colour === "yellow" ? 8 : 0) + ((index * 29) % 11) > 62;
      rows.push(`${size},${colour},${weight},${ripe ? "yes" : "no"}`);
    }
    return rows.join("\n");
  }

  async function send(address, options) {
    part("outcome").textContent = "Sent.";
    try {
      const answer = await fetch(address, { method: "POST", ...options });
      const told = await answer.json();
      part("outcome").textContent = answer.ok
        ? `Answered ${answer.status}.`
        : `${told.title}: ${told.detail}`;
      return answer.ok ? told : null;
    } catch {
      part("outcome").textContent = "The server could not be reached.";
      return null;
    }
  }

  async function upload() {
    const told = await send(`${box.dataset.upload}?name=test-fruit.csv`, { body: testFile() });
    if (!told) return;
    datasetId = told.id;
    button("train").disabled = false;
  }

  const train = () =>
    send(box.dataset.train, {
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ datasetId, target: "ripe", budgetSeconds: 10 }),
    });

  const DO = {
    connect: () => {
      position = null;
      connect(field("since").value.trim());
    },
    disconnect,
    drop,
    pause: () => {
      isPaused = !isPaused;
      button("pause").setAttribute("aria-pressed", String(isPaused));
      button("pause").textContent = isPaused ? "Resume" : "Pause";
      draw();
    },
    clear: () => {
      messages = [];
      draw();
    },
    upload,
    train,
  };
  document.addEventListener("click", ({ target }) => {
    const pressed = target.closest?.("[data-do]");
    if (pressed) DO[pressed.dataset.do](pressed);
  });
  field("type").addEventListener("change", draw);
  field("search").addEventListener("input", draw);
})();
