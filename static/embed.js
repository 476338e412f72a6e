// What an embedded panel does beside being live: tells the page around it how high it is, and shows its token when it
// polls. It builds no HTML.
(() => {
  const { body } = document;
  const { panelKey: panel, token } = body.dataset;

  // A height is no secret, and who may frame this page is settled by its headers.
  let told = 0;
  new ResizeObserver(() => {
    const height = Math.ceil(body.getBoundingClientRect().height);
    if (height === told || window.parent === window) return;
    told = height;
    window.parent.postMessage({ source: "signalbox", panel, height }, "*");
  }).observe(body);

  if (!token) return;
  document.addEventListener("htmx:config:request", ({ detail }) => {
    const { request } = detail.ctx;
    const url = new URL(request.action, location.href);
    url.searchParams.set("token", token);
    request.action = url.pathname + url.search;
  });
  // The page itself says why it may not be seen any more.
  document.addEventListener("htmx:before:response", ({ detail }) => {
    if (detail.ctx.response.status === 401) location.reload();
  });
})();
