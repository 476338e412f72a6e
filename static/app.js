// What a page does beside htmx: files, theme switch, keys, pause, copy, local times, progress in the tab.
// It builds no HTML: it sets text and attributes of elements from the server.
(() => {
  const root = document.documentElement;
  const $ = (selector) => document.querySelector(selector);
  const base = document.body.dataset.base;
  root.classList.add("js");

  // Times in the reader's time zone.
  const FORMS = {
    clock: new Intl.DateTimeFormat(undefined, { timeStyle: "medium" }),
    full: new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }),
  };
  const age = (hours) =>
    hours < 1
      ? `${Math.ceil(hours * 60)} min ago`
      : `${hours < 48 ? `${Math.floor(hours)} h` : `${Math.floor(hours / 24)} d`} ago`;
  function localise() {
    for (const time of document.querySelectorAll("time[data-form]")) {
      const at = new Date(time.dateTime);
      const hours = (Date.now() - at) / 36e5;
      const { form } = time.dataset;
      const text = form === "age" ? age(hours) : FORMS[hours > 20 ? "full" : form].format(at);
      if (time.textContent !== text) time.textContent = text;
    }
  }

  // Progress in the tab's title and icon; a failure is announced once.
  const title = document.title;
  const icon = $('link[rel="icon"]');
  let said = $('[data-panel="run"]')?.dataset.alert;
  function tell() {
    const run = $('[data-panel="run"]')?.dataset;
    if (!run) return;
    document.title = run.progress ? `${run.progress} · ${title}` : title;
    const href = `${icon.href.split("#")[0]}#${run.status}`;
    if (icon.href !== href) icon.href = href;
    if (run.alert !== said) $("#alert").textContent = said = run.alert;
  }
  function refresh() {
    localise();
    tell();
  }
  document.addEventListener("htmx:after:swap", refresh);
  refresh();

  // A refused or lost request of a button or form is said, beside it; nothing that is shown goes away for it.
  const refused = ({ detail: { ctx } }) => {
    if (!ctx) return;
    import(document.body.dataset.refused)
      .then(({ show }) => show(ctx))
      .catch(() => {
        $("#alert").textContent = "The server did not answer. Nothing was changed.";
      });
  };
  for (const type of ["htmx:response:error", "htmx:error"]) document.addEventListener(type, refused);

  // Theme: system, light or dark; in a cookie, so that the server already sends the page with it.
  const THEMES = ["auto", "light", "dark"];
  const themeButton = $("[data-theme-switch]");
  function showTheme(theme) {
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
    themeButton?.setAttribute("aria-label", `Theme: ${root.dataset.theme ?? "system"}`);
  }
  function nextTheme() {
    const theme = THEMES[(THEMES.indexOf(root.dataset.theme ?? "auto") + 1) % THEMES.length];
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser.
    document.cookie = `theme=${theme};path=${base || "/"};max-age=31536000;samesite=lax`;
    showTheme(theme);
  }
  showTheme(root.dataset.theme ?? "auto");

  // Files: dropped anywhere, pasted, or chosen. The script that sends them is loaded with the first one.
  const dialog = /\btrain\b/.test(document.body.dataset.may) ? $("#upload") : null;
  const send = async (files, folders) => (await import(dialog.dataset.script)).send(files, folders);
  const picker = dialog?.querySelector("[type=file]");
  if (dialog) {
    const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
    const over = (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      if (dialog.open) return;
      dialog.dataset.state = "over";
      dialog.showModal();
    };
    for (const type of ["dragenter", "dragover"]) document.addEventListener(type, over);
    document.addEventListener("dragleave", ({ relatedTarget }) => {
      if (!relatedTarget && dialog.dataset.state === "over") dialog.close();
    });
    document.addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      const { files, items } = event.dataTransfer;
      // Only now it can be asked.
      send(
        files,
        [...items].map((item) => item.webkitGetAsEntry()?.isDirectory),
      );
    });
    document.addEventListener("paste", ({ target, clipboardData }) => {
      if (target.closest?.("input, textarea, select")) return;
      const text = clipboardData.getData("text/plain");
      // A spreadsheet puts cells on the clipboard as text and as a picture.
      if (/[^\n][\n\r]+[^\n]/.test(text)) send([new File([text], "pasted.csv", { type: "text/csv" })]);
      else if (clipboardData.files.length) send(clipboardData.files);
    });
    document.addEventListener("click", (event) => {
      if (!event.target.closest("[data-pick]")) return;
      event.preventDefault();
      picker.click();
    });
  }

  // A paused panel is not updated; ending the pause fetches its current state.
  function pause(button) {
    const panel = document.getElementById(button.dataset.pause);
    const isPaused = panel.toggleAttribute("hx-morph-skip");
    button.setAttribute("aria-pressed", String(isPaused));
    button.textContent = isPaused ? "Resume" : "Pause";
    if (!isPaused) htmx.ajax("GET", panel.dataset.from, { target: panel, swap: "outerMorph" });
  }

  // Not `navigator.clipboard`: it is missing on pages over plain HTTP.
  function copy(button) {
    getSelection().selectAllChildren(button.parentElement.querySelector("code"));
    button.textContent = document.execCommand("copy") ? "Copied" : "Press Ctrl+C";
    setTimeout(() => {
      button.textContent = "Copy";
    }, 1500);
  }

  // A page's own script is loaded at its first use; that event is then sent again.
  const { later, toasts, seq } = document.body.dataset;
  let hasCome = !later;
  async function fetchLater(event) {
    const { type, target } = event;
    if (
      hasCome ||
      (type === "click" && target.type === "file") ||
      !target.closest?.(
        "[data-do], [data-replay-to], [data-replay-play], #replay-at, [data-cheapest], #threshold input, #batch *",
      )
    )
      return;
    event.preventDefault();
    await import(later);
    hasCome = true;
    target.dispatchEvent(new event.constructor(type, { bubbles: true, cancelable: true }));
  }
  for (const type of ["click", "input"]) document.addEventListener(type, fetchLater);

  // Toasts are loaded with the first row that asks for one.
  function announce() {
    const rows = [...document.querySelectorAll("#activity [data-notify]")];
    if (!rows.some(({ dataset }) => dataset.notify - seq > 0)) return;
    document.removeEventListener("htmx:after:swap", announce);
    import(toasts);
  }
  document.addEventListener("htmx:after:swap", announce);

  document.addEventListener("change", ({ target }) => {
    if ("submit" in target.dataset) target.form.requestSubmit();
    if (dialog && target.files?.length && target.closest("[data-upload]")) send(target.files);
  });

  const keys = $("#keys");
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("button");
    if (!button) return;
    if (button.dataset.pause) pause(button);
    else if ("copy" in button.dataset) copy(button);
    else if ("keys" in button.dataset) keys.showModal();
    else if (button.dataset.close) document.getElementById(button.dataset.close).close();
    else if (button === themeButton) nextTheme();
  });

  const DO = {
    "?": () => keys.showModal(),
    t: () => themeButton && nextTheme(),
    u: () => picker?.click(),
    p: () => $("[data-pause]")?.click(),
    "/": () => $("main [type=search]")?.focus(),
  };
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (isTyping || $("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const go = $(`[data-key="${CSS.escape(event.key)}"]`);
    if (go) location.href = go.dataset.go;
    else if (Object.hasOwn(DO, event.key)) {
      event.preventDefault();
      DO[event.key]();
    }
  });
})();
