/**
 * Encrypts the secrets that the store holds: AES-256-GCM with a key made from SECRET_KEY; without one they are stored
 * in plain text, readable by anyone who reads the database. A secret's owner is authenticated with it, so that it
 * cannot be moved to another row.
 */
import { AppError } from "../platform/errors.ts";

const PLAIN = "plain:";
const SEALED = "gcm1:";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Loaded with the first secret, because it slows the start and few servers store one. */
const ciphers = () => process.getBuiltinModule("node:crypto");

export class Sealer {
  private readonly key: Buffer | null;
  private readonly isShared: boolean;

  /** `secretKey`: SECRET_KEY; "" if none is set. `isShared`: other servers read the same secrets. */
  constructor(secretKey: string, { isShared = false }: { isShared?: boolean } = {}) {
    this.isShared = isShared;
    this.key = secretKey
      ? new Bun.CryptoHasher("sha256").update(`signalbox secrets\n${secretKey}`).digest()
      : null;
  }

  /** Throws AppError `conflict` if credentials would be readable by everybody who shares the database. */
  requireKey(): void {
    if (this.key || !this.isShared) return;
    throw new AppError("conflict", "Credentials are not stored on a cluster without SECRET_KEY", {
      fix: "Set SECRET_KEY to the same value on every server and worker, restart them, then try again.",
    });
  }

  /** `owner`: what it belongs to, such as "source ID". */
  seal(secret: unknown, owner: string): string {
    const text = JSON.stringify(secret);
    if (!this.key) return PLAIN + text;
    const nonce = crypto.getRandomValues(Buffer.alloc(NONCE_BYTES));
    const cipher = ciphers().createCipheriv("aes-256-gcm", this.key, nonce).setAAD(Buffer.from(owner));
    const bytes = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return SEALED + Buffer.concat([nonce, cipher.getAuthTag(), bytes]).toString("base64");
  }

  /** Throws AppError `conflict` if it was encrypted with another key. */
  open<T>(sealed: string, owner: string): T {
    if (sealed.startsWith(PLAIN)) return JSON.parse(sealed.slice(PLAIN.length)) as T;
    const bytes = Buffer.from(sealed.slice(SEALED.length), "base64");
    if (!this.key) throw unreadable("SECRET_KEY is not set");
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = ciphers()
      .createDecipheriv("aes-256-gcm", this.key, nonce)
      .setAAD(Buffer.from(owner))
      .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    try {
      const rest = bytes.subarray(NONCE_BYTES + TAG_BYTES);
      return JSON.parse(Buffer.concat([decipher.update(rest), decipher.final()]).toString("utf8")) as T;
    } catch {
      throw unreadable("SECRET_KEY has changed");
    }
  }

  /** Stored in plain text although there is a key now: it should be encrypted again. */
  isExposed(sealed: string): boolean {
    return this.key !== null && sealed.startsWith(PLAIN);
  }
}

function unreadable(why: string): AppError {
  return new AppError("conflict", `The stored credentials cannot be decrypted: ${why}`, {
    fix: "Set SECRET_KEY to the value that it had when they were saved, or enter the credentials again.",
  });
}
