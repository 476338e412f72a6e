/**
 * Speaks OpenID Connect with one provider: redirects to it, checks its response, and handles sign-outs. Its library is
 * loaded when first used. PKCE, state and nonce are always used, and signatures always checked.
 */
import type { Configuration, IDToken, UserInfoResponse } from "openid-client";
import type { ProviderConfig } from "../../../operations/config.ts";
import { AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { CLOCK_TOLERANCE_SECONDS, readLogoutToken } from "./logout-token.ts";

/** What a provider reports about a person. */
export interface Person {
  issuer: string;
  subject: string;
  sid: string | null;
  name: string;
  groups: string[];
}

/** What the browser stores until it comes back. */
export interface Attempt {
  state: string;
  nonce: string;
  verifier: string;
}

const library = () => import("openid-client");
type Library = Awaited<ReturnType<typeof library>>;

const TIMEOUT_SECONDS = 5;
/** A provider's keys and addresses may change: they are fetched again after this time. */
const FRESH_MS = 3_600_000;
/** After a failure, merely opening the sign-in page does not retry before this time. */
const RETRY_MS = 5000;
const MOST_GROUPS = 500;
const LONGEST = 200;

export class Provider {
  private known: { config: Configuration; at: number } | null = null;
  private pending: Promise<Configuration> | null = null;
  private failedAt = Number.NEGATIVE_INFINITY;

  constructor(
    readonly about: ProviderConfig,
    private readonly options: {
      claim: string;
      scopes: string;
      logger: Pick<Logger, "warn">;
      now: () => number;
    },
  ) {}

  /** Whether it responds. A recent result counts. */
  async isReachable(): Promise<boolean> {
    const { now } = this.options;
    if (this.failedAt + RETRY_MS > now()) return false;
    return this.configuration().then(
      () => true,
      () => false,
    );
  }

  /** Where the browser is redirected. Throws AppError `unavailable`. */
  async address(redirectUri: string): Promise<{ url: string; attempt: Attempt }> {
    const oidc = await library();
    const config = await this.configuration();
    const attempt = {
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      verifier: oidc.randomPKCECodeVerifier(),
    };
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: this.options.scopes,
      response_type: "code",
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(attempt.verifier),
      code_challenge_method: "S256",
    });
    return { url: url.href, attempt };
  }

  /**
   * The person who came back. `url`: the redirect address with what the provider added. Throws AppError: `unavailable`,
   * or `unauthorized` if sign-in was refused or the response cannot be trusted.
   */
  async person(url: URL, { state, nonce, verifier }: Attempt): Promise<Person> {
    const oidc = await library();
    const config = await this.configuration();
    try {
      const tokens = await oidc.authorizationCodeGrant(config, url, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims()!;
      return this.readPerson(claims, await this.moreOf(claims, tokens.access_token));
    } catch (error) {
      throw this.refusal(oidc, error);
    }
  }

  /** Whom a logout token of this provider signs out. Throws AppError `syntax`, or `unavailable`. */
  async signedOut(logoutToken: string): Promise<{ subject: string | null; sid: string | null }> {
    const { jwks_uri: keys, issuer } = (await this.configuration()).serverMetadata();
    if (!keys)
      throw new AppError(
        "syntax",
        `${this.about.name} publishes no keys, so a logout token cannot be checked`,
      );
    const expected = { issuer, audience: this.about.clientId, now: this.options.now() };
    return readLogoutToken(logoutToken, keys, expected);
  }

  /** Many providers return name and groups only for a request with the access token. */
  private async moreOf(claims: IDToken, accessToken: string): Promise<UserInfoResponse | null> {
    const config = await this.configuration();
    if (!config.serverMetadata().userinfo_endpoint) return null;
    const isWhole = nameIn(claims) !== null && valueAt(claims, this.options.claim) !== undefined;
    return isWhole ? null : (await library()).fetchUserInfo(config, accessToken, claims.sub);
  }

  private readPerson(claims: IDToken, more: UserInfoResponse | null): Person {
    const said = { ...more, ...claims };
    return {
      issuer: this.about.issuer,
      subject: claims.sub,
      sid: typeof claims.sid === "string" ? claims.sid : null,
      name: nameIn(said) ?? claims.sub,
      groups: groupsIn(valueAt(claims, this.options.claim) ?? valueAt(more ?? {}, this.options.claim)),
    };
  }

  /** Throws AppError `unavailable`. */
  private async configuration(): Promise<Configuration> {
    const { known, options } = this;
    if (known && known.at + FRESH_MS > options.now()) return known.config;
    this.pending ??= this.discover().finally(() => {
      this.pending = null;
    });
    return this.pending;
  }

  private async discover(): Promise<Configuration> {
    const { about, options } = this;
    const oidc = await library();
    try {
      const config = await discovered(oidc, about);
      this.known = { config, at: options.now() };
      this.failedAt = Number.NEGATIVE_INFINITY;
      return config;
    } catch (error) {
      this.failedAt = options.now();
      options.logger.warn(
        { provider: about.name, reason: causeOf(error) },
        "a sign-in provider cannot be reached",
      );
      throw this.down();
    }
  }

  private down(): AppError {
    return new AppError("unavailable", `${this.about.name} cannot be reached right now`, {
      fix: "Sign in with a token, or try again in a moment.",
    });
  }

  /** Its reason goes to the log: a stranger's text is not shown as ours. */
  private refusal(oidc: Library, error: unknown): AppError {
    const { about, options } = this;
    if (error instanceof AppError) return error;
    options.logger.warn({ provider: about.name, reason: causeOf(error) }, "sign-in refused");
    const fix = "Select its button to start again, or sign in with a token.";
    if (error instanceof oidc.AuthorizationResponseError) {
      const isDenied = error.error === "access_denied";
      return new AppError(
        "unauthorized",
        isDenied ? `${about.name} did not let you in` : `${about.name} could not sign you in`,
        { fix },
      );
    }
    if (isOutage(error)) {
      this.failedAt = options.now();
      return this.down();
    }
    return new AppError("unauthorized", `The response of ${about.name} could not be verified`, { fix });
  }
}

async function discovered(oidc: Library, about: ProviderConfig): Promise<Configuration> {
  const { clientId, clientSecret } = about;
  const issuer = new URL(about.issuer);
  const metadata = { [oidc.clockTolerance]: CLOCK_TOLERANCE_SECONDS };
  const execute = [oidc.enableNonRepudiationChecks];
  // Only loopback may be http: the settings see to it.
  if (issuer.protocol === "http:") execute.push(oidc.allowInsecureRequests);
  const asked = { execute, timeout: TIMEOUT_SECONDS };
  const found = await oidc.discovery(issuer, clientId, metadata, oidc.None(), asked);
  if (!clientSecret) return found;
  const server = found.serverMetadata();
  const methods = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
  const proves = methods.includes("client_secret_basic") ? oidc.ClientSecretBasic : oidc.ClientSecretPost;
  const config = new oidc.Configuration(server, clientId, metadata, proves(clientSecret));
  for (const apply of execute) apply(config);
  config.timeout = TIMEOUT_SECONDS;
  return config;
}

/** The provider did not respond, not in time, or with an error of its own. */
function isOutage(error: unknown): boolean {
  if (error instanceof TypeError && /fetch|connect|network/i.test(error.message)) return true;
  const { name, code, status, cause } = error as {
    name?: string;
    code?: string;
    status?: number;
    cause?: unknown;
  };
  if (
    name === "TimeoutError" ||
    /^(ECONN|ENOTFOUND|ETIMEDOUT|EAI_|ConnectionRefused|FailedToOpen)/.test(code ?? "")
  )
    return true;
  const answered = status ?? (cause instanceof Response ? cause.status : 0);
  return answered >= 500 || (cause !== undefined && cause instanceof Error && isOutage(cause));
}

function causeOf(error: unknown): string {
  const { code, message, cause, error: said } = error as Record<string, unknown>;
  const inner = cause instanceof Error ? cause.message : "";
  return [code, said, message, inner].filter(Boolean).join(": ").slice(0, 500);
}

function nameIn(claims: Record<string, unknown>): string | null {
  const [name, login, email] = [claims.name, claims.preferred_username, claims.email].map(textOf);
  const shown = name || login || email;
  if (!shown) return null;
  const account = [email, login].find((other) => other && other !== shown);
  return account ? `${shown} (${account})` : shown;
}

/** On one line, and of a length that a page can show. */
function textOf(value: unknown): string {
  if (typeof value !== "string") return "";
  return value
    .replace(/[\p{C}\s]+/gu, " ")
    .trim()
    .slice(0, LONGEST);
}

/** "a.b" is b inside a, unless a claim has that very name. */
function valueAt(claims: Record<string, unknown>, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  return path
    .split(".")
    .reduce<unknown>(
      (value, name) =>
        typeof value === "object" && value !== null && Object.hasOwn(value, name)
          ? (value as Record<string, unknown>)[name]
          : undefined,
      claims,
    );
}

function groupsIn(value: unknown): string[] {
  const given = Array.isArray(value) ? value : typeof value === "string" ? value.split(/[\s,]+/) : [];
  return given
    .filter((group): group is string => typeof group === "string" && group !== "")
    .slice(0, MOST_GROUPS);
}
