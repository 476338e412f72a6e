/** Draws the sign-in page: a button for each provider, and one field for a token, with what was wrong last. */
import type { Problem } from "../../core/http/problem.ts";
import { posted } from "../parts/form.tsx";
import { LampDot } from "../parts/parts.tsx";
import { Head, ProblemPlace } from "./layout.tsx";
import { type Links, type PageContext, url } from "./page-context.ts";

interface ShownProvider {
  id: string;
  name: string;
  isReachable: boolean;
}

export interface SignInProps {
  context: PageContext;
  /** The page to open afterwards. */
  next: string;
  providers: ShownProvider[];
  problem?: Problem;
}

export function SignInPage({ context, next, providers, problem }: SignInProps) {
  const { links } = context;
  return (
    <html lang="en" {...(context.theme ? { "data-theme": context.theme } : {})}>
      <Head context={context} title="Sign in" />
      <body class="sign-in" data-base={links.base} data-refused={url(links, context.assets.refused)}>
        <ProblemPlace />
        <main id="main">
          <p class="nameplate">Signalbox</p>
          <h1>Sign in</h1>
          {context.viewer.name && <p>You are signed in as {context.viewer.name}.</p>}
          {problem && (
            <div id="wrong" class="note note-danger" role="alert" data-field="token">
              <p>
                <LampDot lamp="danger" /> <strong>{problem.detail}</strong>
              </p>
              {problem.fix && <p>{problem.fix}</p>}
            </div>
          )}
          {providers.length > 0 && <Providers providers={providers} links={links} next={next} />}
          {providers.length > 0 && <h2>Or with a token</h2>}
          <form class="form" {...posted(url(links, "/sign-in"))}>
            <input type="hidden" name="next" value={next} />
            <div class="field">
              <label for="token">Token</label>
              <input
                id="token"
                name="token"
                type="password"
                required
                autofocus={providers.every(({ isReachable }) => !isReachable)}
                autocomplete="current-password"
                spellcheck={false}
                autocapitalize="none"
                {...(problem ? { "aria-invalid": "true", "aria-describedby": "wrong" } : {})}
              />
            </div>
            <button type="submit" class={providers.length > 0 ? "button" : "primary"}>
              {providers.length > 0 ? "Sign in with the token" : "Sign in"}
            </button>
          </form>
          <p class="fine">
            Ask your admin for a token. Admins: your token was printed when Signalbox first started. If you
            lost it, restart Signalbox with ADMIN_TOKEN set.
          </p>
        </main>
      </body>
    </html>
  );
}

/** Links, not forms: a form may not lead to another origin. */
function Providers({ providers, links, next }: { providers: ShownProvider[]; links: Links; next: string }) {
  const query = next === "/" ? "" : `?${new URLSearchParams({ next })}`;
  const down = providers.filter(({ isReachable }) => !isReachable);
  return (
    <div class="form">
      {down.length > 0 && (
        <div class="note" role="status">
          <p>
            {down.map(({ name }) => name).join(" and ")} cannot be reached right now. Sign in with a token, or
            try again in a moment.
          </p>
        </div>
      )}
      {providers.map(({ id, name, isReachable }) => (
        <a
          class={isReachable ? "button primary" : "button"}
          href={url(links, `/sign-in/${id}${query}`)}
          data-reachable={String(isReachable)}
        >
          {isReachable ? `Sign in with ${name}` : `Try ${name} again`}
        </a>
      ))}
    </div>
  );
}
