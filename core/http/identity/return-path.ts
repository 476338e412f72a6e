/** Decides where a browser goes after signing in. Back to where he was, and never anywhere else than here. */

/** The path and query below `base` of a URL or path that anybody may have written; "/" where it is not one of ours. */
export function returnPath(asked: string | null, base: string): string {
  const url = asked === null ? null : URL.parse(asked, "http://here.invalid");
  if (!url) return "/";
  const path = url.pathname.startsWith(`${base}/`) ? url.pathname.slice(base.length) : url.pathname;
  // "//evil.example" is another host to a browser.
  if (!/^\/(?!\/|sign-(in|out)\b)/.test(path)) return "/";
  return `${path}${url.search}`;
}
