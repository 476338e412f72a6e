/** Sends one message by a channel. Of the other side's response only the status is passed on. */

import { type Message, mailText, requestFor } from "./messages.ts";
import { post } from "./post.ts";
import { type Channel, mailAddresses, type RouteTarget } from "./spec.ts";

const TIMEOUT_MS = 15_000;

export interface Mailer {
  /** SMTP_URL; "" if there is none. */
  SMTP_URL: string;
  MAIL_FROM: string;
}

/** Null: delivered. Otherwise the reason. */
export async function send(
  { channel, target, message }: { channel: Channel; target: RouteTarget; message: Message },
  { mailer, signal }: { mailer: Mailer; signal: AbortSignal },
): Promise<string | null> {
  if (channel === "email") return sendMail(target, message, mailer);
  const { url, headers, body } = requestFor(channel, target, message);
  return post(url, { headers, body, signal, timeoutMs: TIMEOUT_MS });
}

async function sendMail({ to }: RouteTarget, message: Message, mailer: Mailer): Promise<string | null> {
  if (!mailer.SMTP_URL) return "SMTP_URL is not set";
  const { createTransport } = await import("nodemailer");
  const url = new URL(mailer.SMTP_URL);
  for (const name of ["connectionTimeout", "greetingTimeout", "socketTimeout"])
    url.searchParams.set(name, String(TIMEOUT_MS));
  const transport = createTransport(url.href);
  try {
    await transport.sendMail({
      from: mailer.MAIL_FROM,
      to: mailAddresses(to),
      subject: message.title.replace(/[\r\n]+/g, " ").slice(0, 200),
      text: mailText(message),
    });
    return null;
  } catch (error) {
    const { responseCode, code } = error as { responseCode?: number; code?: string };
    return responseCode
      ? `the mail server answered ${responseCode}`
      : `the mail server cannot be used (${code ?? "error"})`;
  } finally {
    transport.close();
  }
}
