// Sends files that were dropped, pasted or chosen, one after the other, then opens the page of the new dataset. It is
// loaded with the first file (app.js). It builds no HTML: it fills a template of the page.
const dialog = document.getElementById("upload");
const part = (name) => dialog.querySelector(`[data-part="${name}"]`);
const base = document.body.dataset.base;
let running = null;

/** A request that reports how much was sent. The page of a single file opens while it is read; several are read here. */
function post(file, { isOnly, onSent }) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    running = request;
    const query = new URLSearchParams({ wait: isOnly ? 0 : 1, name: file.name });
    if (document.querySelector("[data-private]")?.checked) query.set("visibility", "private");
    request.open("POST", `${dialog.dataset.upload}?${query}`);
    request.setRequestHeader("accept", "application/json");
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => onSent(loaded / total);
    const lost = {
      detail: `${file.name} could not be sent.`,
      fix: "Check that it is a file, not a folder, and that the server is running. Then try again.",
    };
    request.onload = () => resolve(request.status < 400 ? request.response : (request.response ?? lost));
    request.onerror = request.onabort = () => resolve(lost);
    request.send(file);
  });
}

const sentence = (text = "") => text && (/[.!?]$/.test(text) ? text : `${text}.`);

/** What need not be sent: a folder cannot be, and an empty file would be refused. */
function refusedHere(file, isFolder) {
  if (isFolder) return { detail: `${file.name} is a folder.`, fix: "Open it, and drop the files in it." };
  if (!file.size)
    return { detail: "The file is empty.", fix: "Choose a file that has a header row and data." };
  return null;
}

async function sendOne(file, { isOnly, isFolder }) {
  const row = part("row").content.firstElementChild.cloneNode(true);
  const bar = row.querySelector("progress");
  const says = row.querySelector("[data-says]");
  row.querySelector("b").textContent = file.name;
  says.textContent = "Uploading…";
  part("files").append(row);
  const onSent = (share) => {
    bar.value = share * 100;
    if (share === 1) says.textContent = "Reading…";
  };
  const told = refusedHere(file, isFolder) ?? (await post(file, { isOnly, onSent }));
  bar.value = 100;
  row.dataset.state = told.id ? "done" : "refused";
  says.textContent = told.id ? "Uploaded" : [told.detail, told.fix].map(sentence).join(" ");
  return told;
}

/** `folders`: which of the files are one, if they were dropped. */
export async function send(files, folders = []) {
  const chosen = [...files];
  if (!chosen.length) return;
  part("files").replaceChildren();
  part("close").textContent = "Cancel";
  part("all").hidden = true;
  dialog.dataset.state = "sending";
  dialog.querySelector("h2").textContent =
    chosen.length === 1 ? `Uploading ${chosen[0].name}` : `Uploading ${chosen.length} files`;
  if (!dialog.open) dialog.showModal();
  const told = [];
  for (const [k, file] of chosen.entries()) {
    told.push(await sendOne(file, { isOnly: chosen.length === 1, isFolder: folders[k] }));
    if (!dialog.open) return;
  }
  const known = told.filter(({ id }) => id);
  if (known.length < chosen.length) {
    dialog.dataset.state = "refused";
    part("close").textContent = "Close";
    part("all").hidden = !known.length;
    dialog.querySelector("h2").textContent =
      chosen.length === 1
        ? `${chosen[0].name} was not uploaded`
        : `${chosen.length - known.length} of ${chosen.length} files ${chosen.length - known.length === 1 ? "was" : "were"} not uploaded`;
    part("again").focus();
    return;
  }
  location.href =
    known.length === 1 ? `${base}/datasets/${encodeURIComponent(known[0].id)}` : `${base}/datasets`;
}

dialog.addEventListener("close", () => running?.abort());
