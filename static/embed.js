// What an embedded panel does beside being live: tells the page around it how high it is. It builds no HTML.
(() => {
  const { body } = document;
  const { panelKey: panel } = body.dataset;

  // A height is no secret, and who may frame this page is settled by its headers.
  let told = 0;
  new ResizeObserver(() => {
    const height = Math.ceil(body.getBoundingClientRect().height);
    if (height === told || window.parent === window) return;
    told = height;
    window.parent.postMessage({ source: "signalbox", panel, height }, "*");
  }).observe(body);
})();
