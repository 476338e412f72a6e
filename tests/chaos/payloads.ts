/** Strings that strangers send: each would do something if it were taken for anything but text. */

/** `pwn` names what a payload would make: an element's id, a flag on the window, an address. */
export const SCRIPTS = [
  `<script>window.pwn=1</script>`,
  `"><script>window.pwn=1</script>`,
  `'><script>window.pwn=1</script>`,
  `</script><script>window.pwn=1</script>`,
  `<img src=x onerror=window.pwn=1>`,
  `"><img src=x onerror=window.pwn=1>`,
  `<svg onload=window.pwn=1>`,
  `<svg><script>window.pwn=1</script></svg>`,
  `<svg><animate onbegin=window.pwn=1 attributeName=x dur=1s>`,
  `</title><script>window.pwn=1</script>`,
  `</textarea><script>window.pwn=1</script>`,
  `</option></select><script>window.pwn=1</script>`,
  `</style><script>window.pwn=1</script>`,
  `<!--><script>window.pwn=1</script>-->`,
  `]]><script>window.pwn=1</script>`,
  `<iframe srcdoc="<script>parent.pwn=1</script>">`,
  `<iframe src=javascript:parent.pwn=1>`,
  `<a href="javascript:window.pwn=1" id=pwn>x</a>`,
  `<form action="javascript:window.pwn=1"><button id=pwn>x</button></form>`,
  `<meta http-equiv=refresh content="0;url=/pwn">`,
  `<base href="http://pwn.invalid/">`,
  `<link rel=stylesheet href="http://pwn.invalid/x.css">`,
  `<div hx-get="/pwn" hx-trigger="load">x</div>`,
  `<div data-hx-get="/pwn" hx-trigger="load">x</div>`,
  `" hx-get="/pwn" hx-trigger="load" x="`,
  `' hx-get='/pwn' hx-trigger='load' x='`,
  `" onmouseover="window.pwn=1" autofocus onfocus="window.pwn=1" x="`,
  `' autofocus onfocus='window.pwn=1' x='`,
  `<hx-partial hx-target="#main">pwn</hx-partial>`,
  `<template hx type="partial" hx-target="body">pwn</template>`,
  `<details open ontoggle=window.pwn=1>`,
  `<video><source onerror=window.pwn=1></video>`,
  `<math><mtext><script>window.pwn=1</script></mtext></math>`,
  `<input autofocus onfocus=window.pwn=1>`,
  `<body onload=window.pwn=1>`,
  `<object data="javascript:window.pwn=1">`,
  `&lt;script&gt;window.pwn=1&lt;/script&gt;`,
  `&#60;script&#62;window.pwn=1&#60;/script&#62;`,
  `\u202e<script>window.pwn=1</script>`,
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a payload.
  "`${window.pwn=1}`{{constructor.constructor('window.pwn=1')()}}",
];

const ROOTS = ["etc/passwd", "signalbox.sqlite", "core/operations/config.ts"];
const CLIMBS = ["../", "..\\", "....//", "./../", "/", "//", "..;/", ".../", "%2e%2e/", "..%c0%af"];

/** Ways out of a folder: 60 of them. */
export const TRAVERSALS = [
  ...ROOTS.flatMap((root) => CLIMBS.flatMap((climb) => [climb.repeat(6) + root, climb + root])),
];

export function encodedTimes(text: string, times: number): string {
  return times === 0 ? text : encodedTimes(encodeURIComponent(text), times - 1);
}
