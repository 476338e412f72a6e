// Shows what changed as a toast: a copy of the activity row in a corner, once per event, for a few seconds.
// It builds no HTML: the row is the server's. It is loaded with the first row that asks for it (app.js).
(() => {
  const box = document.getElementById("toasts");
  const SHOWN_MS = 8000;
  const SHOWN = 3;
  const CORNERS = ["end", "start", "top end", "top start"];

  const rows = () => [...document.querySelectorAll("#activity [data-notify]")];
  const seqOf = (row) => Number(row.dataset.notify);
  let newest = Number(document.body.dataset.seq);

  function show(row) {
    const toast = row.cloneNode(true);
    const leave = () => {
      if (toast.matches(":hover")) setTimeout(leave, SHOWN_MS);
      else toast.remove();
    };
    delete toast.dataset.notify;
    toast.classList.add("toast");
    toast.addEventListener("click", () => toast.remove());
    setTimeout(leave, SHOWN_MS);
    box.append(toast);
    while (box.children.length > SHOWN) box.firstElementChild.remove();
    place();
  }

  // In the first corner where it covers no button and no field; without one, only the feed shows the event.
  function place() {
    if (!box.children.length) return;
    const held = [...document.querySelectorAll("button,.button,input,select,textarea,summary")].map(
      (element) => element.getBoundingClientRect(),
    );
    box.dataset.corner = CORNERS.find((corner) => {
      box.dataset.corner = corner;
      const { left, right, top, bottom } = box.getBoundingClientRect();
      return !held.some(
        (h) => h.width && h.left < right && h.right > left && h.top < bottom && h.bottom > top,
      );
    });
  }
  for (const moved of ["scroll", "resize"]) addEventListener(moved, place, { passive: true });

  function look() {
    place();
    const fresh = rows().filter((row) => seqOf(row) > newest);
    if (!fresh.length) return;
    newest = Math.max(...fresh.map(seqOf));
    for (const row of fresh.slice(0, SHOWN).reverse()) show(row);
  }
  document.addEventListener("htmx:after:swap", look);
  look();
})();
