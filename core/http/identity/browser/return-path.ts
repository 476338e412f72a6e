/** Decides where a browser goes after signing in: back to where it was, and never to another site. */

/** The path and query below `base` of a URL or path that anyone may have written; "/" if it is not one of ours. */
export function returnPath(asked: string | null, base: string): string {
  const url = asked === null ? null : URL.parse(asked, "http://here.invalid");
  if (!url) return "/";
  const path = url.pathname.startsWith(`${base}/`) ? url.pathname.slice(base.length) : url.pathname;
  // Browsers read "//evil.example" as another host.
  if (!/^\/(?!\/|sign-(in|out)\b)/.test(path)) return "/";
  return `${path}${url.search}`;
}
