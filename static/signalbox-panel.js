// A web component for pages of other origins: <signalbox-panel panel="stages" of="RUN" theme="dark" token="…"> shows a
// live panel, as high as its content. An <iframe> of /embed/… on the same page adapts its height, too.
(() => {
  const script = document.currentScript ?? document.querySelector('script[src*="signalbox-panel.js"]');
  const ownHome = new URL("..", script.src).href;
  const panels = new Set();

  class SignalboxPanel extends HTMLElement {
    static observedAttributes = ["panel", "of", "theme", "token", "server"];
    #frame = document.createElement("iframe");

    constructor() {
      super();
      this.#frame.style.cssText = "display:block;inline-size:100%;block-size:10rem;border:0";
      this.#frame.loading = "lazy";
      this.attachShadow({ mode: "open" }).append(this.#frame);
    }

    connectedCallback() {
      if (!this.style.display) this.style.display = "block";
      panels.add(this.#frame);
      this.#show();
    }

    disconnectedCallback() {
      panels.delete(this.#frame);
    }

    attributeChangedCallback(_name, before, after) {
      if (this.isConnected && before !== after) this.#show();
    }

    #show() {
      const panel = this.getAttribute("panel") ?? "metrics";
      const home = `${this.getAttribute("server") ?? ownHome}/`.replace(/\/+$/, "/");
      const url = new URL(`embed/${encodeURIComponent(panel)}`, home);
      for (const name of ["of", "theme", "token"])
        if (this.hasAttribute(name)) url.searchParams.set(name, this.getAttribute(name));
      this.#frame.title = this.getAttribute("aria-label") ?? `Signalbox: ${panel}`;
      if (this.#frame.src !== url.href) this.#frame.src = url.href;
    }
  }

  window.addEventListener("message", ({ data, origin, source }) => {
    if (data?.source !== "signalbox" || !(data.height > 0)) return;
    for (const frame of [...panels, ...document.querySelectorAll("iframe")]) {
      if (frame.contentWindow !== source || new URL(frame.src).origin !== origin) continue;
      frame.style.blockSize = `${Math.min(data.height, 20000)}px`;
    }
  });

  if (!customElements.get("signalbox-panel")) customElements.define("signalbox-panel", SignalboxPanel);
})();
