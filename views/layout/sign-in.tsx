/** Draws the sign-in page: one field for a token, with what was wrong with the last one. */
import type { Problem } from "../../core/http/problem.ts";
import { LampDot } from "../parts/parts.tsx";
import { type Frame, url } from "./frame.ts";
import { Head } from "./layout.tsx";

export interface SignInProps {
  frame: Frame;
  /** Where to go then. */
  next: string;
  problem?: Problem;
}

export function SignInPage({ frame, next, problem }: SignInProps) {
  const { links } = frame;
  return (
    <html lang="en" {...(frame.theme ? { "data-theme": frame.theme } : {})}>
      <Head frame={frame} title="Sign in" />
      <body class="sign-in" data-base={links.base}>
        <main id="main">
          <p class="nameplate">Signalbox</p>
          <h1>Sign in</h1>
          {problem && (
            <div id="wrong" class="note note-danger" role="alert">
              <p>
                <LampDot lamp="danger" /> <strong>{problem.detail}</strong>
              </p>
              {problem.fix && <p>{problem.fix}</p>}
            </div>
          )}
          <form class="form" method="post" action={url(links, "/sign-in")}>
            <input type="hidden" name="next" value={next} />
            <div class="field">
              <label for="token">Token</label>
              <input
                id="token"
                name="token"
                type="password"
                required
                autofocus
                autocomplete="current-password"
                spellcheck={false}
                autocapitalize="none"
                {...(problem ? { "aria-invalid": "true", "aria-describedby": "wrong" } : {})}
              />
            </div>
            <button type="submit" class="primary">
              Sign in
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
