/** Sets and reads the session cookie. Never to scripts, never across sites, only below our own path. */

/** Cookies know no ports: two Signalboxes on one machine must not sign each other out. */
const nameOf = (port: number) => `signalbox-${port}`;

export function readSessionCookie(headers: Headers, port: number): string | null {
  const cookies = headers.get("cookie");
  if (!cookies) return null;
  return new RegExp(`(?:^|;\\s*)${nameOf(port)}=([\\w-]{43})(?:;|$)`).exec(cookies)?.[1] ?? null;
}

export interface CookieScope {
  port: number;
  basePath: string;
  isSecure: boolean;
}

/** Lax and not strict: who follows a link from a chat to a run arrives signed in. */
export function sessionCookie(value: string, maxAgeSeconds: number, scope: CookieScope): string {
  const secure = scope.isSecure ? "; Secure" : "";
  const path = scope.basePath || "/";
  return `${nameOf(scope.port)}=${value}; Path=${path}; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`;
}
