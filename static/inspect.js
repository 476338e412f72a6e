// The socket inspector: connects by hand, lists messages from a template of the page, sets off a test.
(() => {
  const box = document.getElementById("inspect");
  const part = (name) => document.querySelector(`[data-part="${name}"]`);
  const button = (name) => document.querySelector(`[data-do="${name}"]`);
  const field = (name) => document.getElementById(`inspect-${name}`);
  const KEPT = 500;
  let socket = null;
  let messages = [];
  let isPaused = false;
  let received = 0;
  let datasetId = null;

  function say(state, words) {
    part("state").dataset.state = state;
    part("state").textContent = words;
    button("connect").disabled = state === "live" || state === "connecting";
    button("disconnect").disabled = !button("connect").disabled;
  }

  function connect() {
    const url = new URL(box.dataset.socket, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const since = field("since").value.trim();
    if (/^\d+$/.test(since)) url.searchParams.set("since", since);
    say("connecting", "Connecting");
    const own = new WebSocket(url);
    socket = own;
    own.onopen = () => say("live", "Connected");
    own.onmessage = ({ data }) => take(JSON.parse(data));
    own.onclose = ({ code }) => {
      if (socket === own) say("offline", `Closed, code ${code}`);
    };
  }

  function take(message) {
    received += 1;
    const type = message.type ?? message.control;
    messages.unshift({ type, text: JSON.stringify(message), message });
    messages.length = Math.min(messages.length, KEPT);
    offerType(type);
    if (!isPaused) draw();
  }

  function offerType(type) {
    const select = field("type");
    if ([...select.options].some(({ value }) => value === type)) return;
    select.add(new Option(type, type));
  }

  // At most one drawing a frame, however fast messages come.
  let isDrawing = false;
  function draw() {
    if (isDrawing) return;
    isDrawing = true;
    requestAnimationFrame(() => {
      isDrawing = false;
      const type = field("type").value;
      const words = field("search").value.toLowerCase();
      const shown = messages.filter(
        (entry) => (!type || entry.type === type) && entry.text.toLowerCase().includes(words),
      );
      part("messages").replaceChildren(...shown.slice(0, 100).map(row));
      part("count").textContent = `${received} received, ${shown.length} shown${isPaused ? ", paused" : ""}.`;
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
    copy.querySelector("pre").textContent = JSON.stringify(entry.message, null, 2);
    entry.row = copy.firstElementChild;
    return entry.row;
  }

  // 400 rows with a rule to be found: made here, so that nothing has to be at hand.
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
    const answer = await fetch(address, { method: "POST", ...options });
    const told = await answer.json();
    part("outcome").textContent = answer.ok ? `Answered ${answer.status}.` : `${told.title}: ${told.detail}`;
    return answer.ok ? told : null;
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
    connect,
    disconnect: () => socket?.close(1000),
    pause: () => {
      isPaused = !isPaused;
      button("pause").setAttribute("aria-pressed", String(isPaused));
      button("pause").textContent = isPaused ? "Go on" : "Pause";
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
    const name = target.closest?.("[data-do]")?.dataset.do;
    if (name) DO[name]();
  });
  field("type").addEventListener("change", draw);
  field("search").addEventListener("input", draw);
})();
