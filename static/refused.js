// Shows why a form or a button was refused: at the field, else below the button. Whatever was typed stays. It is fetched
// with the first refusal (app.js). It builds no HTML: it moves an element of the page and sets its text.
const problem = document.getElementById("problem");

function forget() {
  problem.textContent = "";
  document.querySelector("[aria-invalid]")?.removeAttribute("aria-invalid");
}

/** The first field of a name, or of the two that a threshold has. */
function fieldOf(form, name) {
  return name ? form.querySelector(`[name="${name}"], [name^="${name}."]`) : null;
}

function place(form, { field, button }) {
  const row = button?.parentElement;
  if (field) (field.closest(".field, fieldset") ?? field.closest("label") ?? form).append(problem);
  else if (row && row !== form) row.after(problem);
  else form.append(problem);
  // What is folded would hide it.
  for (let fold = problem.closest("details"); fold; fold = fold.parentElement.closest("details"))
    fold.open = true;
}

/** `ctx` is htmx's; without a response the server did not answer. */
export function show({ sourceElement, sourceEvent, response, text }) {
  forget();
  const form = sourceElement?.closest("form, .form");
  if (!form) return;
  const page = response && new DOMParser().parseFromString(text, "text/html");
  const said = page?.querySelector(".reason, .note-danger[data-field]");
  const field = fieldOf(form, said?.dataset.field);
  problem.textContent = page
    ? (said?.textContent.replace(/\s+/g, " ").trim() ?? "The server did not do this.")
    : "The server did not answer. Nothing was changed.";
  place(form, { field, button: sourceEvent?.submitter ?? form.querySelector("[type=submit]") });
  field?.setAttribute("aria-invalid", "true");
  field?.focus();
  // What it holds cannot be seen: the next word replaces it.
  if (field?.type === "password") field.select();
  problem.scrollIntoView({ block: "nearest" });
}

document.addEventListener("htmx:before:request", forget);
