/** A real OpenID Connect provider on a free port, and a browser that walks through its pages by requests. */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import OidcProvider, { type Configuration } from "oidc-provider";

export const CLIENT = { id: "signalbox", secret: "a secret between the two of them" };

/** Who can sign in there, by login. */
const PEOPLE: Record<string, { name: string; groups: string[] }> = {
  ada: { name: "Ada Lovelace", groups: ["admins", "staff"] },
  tim: { name: "Tim <b>Trainer</b>", groups: ["ml-team"] },
  vera: { name: "Vera Viewer", groups: ["staff"] },
  nobody: { name: "No Group", groups: [] },
};

/** From the person's next sign-in on, as when somebody is moved to another team; the function returned undoes it. */
export function moveTo(login: string, groups: string[]): () => void {
  const person = PEOPLE[login]!;
  const before = person.groups;
  person.groups = groups;
  return () => {
    person.groups = before;
  };
}

export interface RunningProvider {
  issuer: string;
  close: () => Promise<void>;
}

/** `redirects`: allowed redirect addresses. `logout`: where its sign-outs are posted. */
export async function openProvider(
  redirects: string[],
  { logout, more = {} }: { logout?: (form: string) => Promise<Response>; more?: Configuration } = {},
): Promise<RunningProvider> {
  let listener: RequestListener = () => {};
  const server = createServer((request, response) => listener(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const key = { ...(await exportJWK(privateKey)), alg: "RS256", use: "sig", kid: "first" } as JWK;
  const provider = new OidcProvider(issuer, {
    clients: [
      {
        ...{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: redirects },
        ...(logout && {
          backchannel_logout_uri: "https://signalbox.test/sign-out",
          backchannel_logout_session_required: true,
        }),
      },
    ],
    claims: { openid: ["sub"], profile: ["name"], groups: ["groups"], email: ["email"] },
    cookies: { keys: ["for tests only"] },
    features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: true } },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: `sub-of-${id}`, email: `${id}@example.com`, ...PEOPLE[id] }),
    }),
    fetch: (url, options) =>
      String(url).startsWith("https://signalbox.test/") && logout
        ? logout(String(options?.body))
        : fetch(url, options),
    jwks: { keys: [key] } as unknown as Configuration["jwks"],
    pkce: { required: () => true },
    ...more,
  });
  listener = provider.callback();
  return {
    issuer,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Keeps cookies as a browser does, and never leaves the provider's host. */
export class Visitor {
  private readonly cookies = new Map<string, string>();

  /** Signs in as `login` and agrees to everything; the address that the provider sends the browser back to. */
  async signIn(start: string, login: string): Promise<string> {
    let answer = await this.ask(start);
    for (let step = 0; step < 12; step++) {
      const location = answer.headers.get("location");
      if (location && !location.startsWith(new URL(start).origin) && URL.canParse(location)) return location;
      if (location) {
        answer = await this.ask(new URL(location, start).href);
        continue;
      }
      const page = await answer.text();
      const action = /action="([^"]+)"/.exec(page)?.[1];
      const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
      if (!action || !prompt)
        throw new Error(`the provider answered ${answer.status}: ${page.slice(0, 300)}`);
      answer = await this.ask(
        new URL(action, start).href,
        new URLSearchParams({ prompt, login, password: "x" }),
      );
    }
    throw new Error("the provider did not send the browser back");
  }

  /** Ends the session at the provider, as its own page does. */
  async signOut(issuer: string): Promise<void> {
    const page = await (await this.ask(`${issuer}/session/end`)).text();
    const xsrf = /name="xsrf" value="(\w+)"/.exec(page)?.[1] ?? "";
    await this.ask(`${issuer}/session/end/confirm`, new URLSearchParams({ xsrf, logout: "yes" }));
  }

  private async ask(url: string, form?: URLSearchParams): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const init = {
      redirect: "manual",
      headers: { cookie },
      ...(form && { method: "POST", body: form }),
    } as const;
    const answer = await fetch(url, init);
    for (const text of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(text) ?? [];
      if (value) this.cookies.set(name, value);
      else this.cookies.delete(name);
    }
    return answer;
  }
}
