/** Sets and reads the session cookie: never readable by scripts, never sent across sites, only below our own path. */

/** Cookies ignore ports: two Signalboxes on one machine must not sign each other out. */
const nameOf = (port: number) => `signalbox-${port}`;
const VALUE = /^[\w-]{43}$/;

/** Null: there is none, or it does not look like one of ours. `port`: the server's, part of the cookie's name. */
export function readSessionCookie(headers: Headers, port: number): string | null {
  const cookies = headers.get("cookie");
  if (!cookies) return null;
  const value = new Bun.CookieMap(cookies).get(nameOf(port));
  return value !== null && VALUE.test(value) ? value : null;
}

export interface CookieScope {
  port: number;
  basePath: string;
  isSecure: boolean;
}

/** Lax and not strict: someone who follows a link from a chat arrives signed in. */
export function sessionCookie(
  value: string,
  maxAgeSeconds: number,
  { port, basePath, isSecure }: CookieScope,
): string {
  return new Bun.Cookie(nameOf(port), value, {
    path: basePath || "/",
    maxAge: maxAgeSeconds,
    httpOnly: true,
    sameSite: "lax",
    secure: isSecure,
  }).toString();
}
