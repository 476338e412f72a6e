/**
 * Attributes of a form that keeps everything typed when it is refused: the page stays, and the reason appears at the
 * field (refused.js). Without script the browser sends it, and the answer is a page.
 */

/** The page's own content, which the page that a form leads to replaces. */
const MAIN = "#main";

/** `answer`: the part of the answer that is shown, and what it replaces. */
export function posted(address: string, answer: string = MAIN) {
  return { method: "post", action: address, ...sent(address, answer) } as const;
}

/** The same for one button of several, each with its own address. */
export function sent(address: string, answer: string = MAIN) {
  return {
    "hx-post": address,
    "hx-target": answer,
    "hx-select": answer,
    "hx-swap": "outerHTML",
    "hx-sync": "this:drop",
    // A source that is added is fetched before the answer.
    "hx-config": "timeout:0",
  } as const;
}
