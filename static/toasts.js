// Says what changed while somebody looks: a copy of the activity row in a corner, once for each event, gone by itself.
// It builds no HTML: the row is the server's.
(() => {
  const box = document.getElementById("toasts");
  const SHOWN_MS = 8000;
  const SHOWN = 3;
  if (!box) return;

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
  }

  document.addEventListener("htmx:after:swap", () => {
    const fresh = rows().filter((row) => seqOf(row) > newest);
    if (!fresh.length) return;
    newest = Math.max(...fresh.map(seqOf));
    for (const row of fresh.slice(0, SHOWN).reverse()) show(row);
  });
})();
