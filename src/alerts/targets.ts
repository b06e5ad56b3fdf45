import nodemailer from 'nodemailer';
import { signedRequest } from '../feedback/out/standard-webhook.ts';
import { openTarget, type Posted } from '../net/guarded-post.ts';
import { type AlertBody, type AlertMessage, mailText, type TargetName } from './message.ts';

/** Who is told. null: nobody by this way. */
export interface AlertTargets {
  /** `secret`: `whsec_` and the base64 of the key. null: the requests are not signed. */
  webhook: { url: string; secret: string | null } | null;
  mail: { to: readonly string[]; from: string; relay: string } | null;
  /** Time for which a trouble that was told is not told again, in milliseconds. */
  pauseMs: number;
}

/** Longest time of one message, in milliseconds. */
const LONGEST_MS = 10_000;

export function targetNames({ webhook, mail }: AlertTargets): TargetName[] {
  return [...(webhook === null ? [] : ['webhook' as const]), ...(mail === null ? [] : ['mail' as const])];
}

/** Sends one message. Throws an error without secrets if it did not arrive. A target that is no longer there gets nothing. */
export async function send(targets: AlertTargets, { id, target, body }: AlertMessage, now: Date): Promise<void> {
  if (target === 'webhook' && targets.webhook !== null) await post(targets.webhook, { id, body, now });
  if (target === 'mail' && targets.mail !== null) await mail(targets.mail, { id, body });
}

async function post(
  { url, secret }: NonNullable<AlertTargets['webhook']>,
  { id, body, now }: { id: string; body: AlertBody; now: Date },
): Promise<void> {
  const text = JSON.stringify(body);
  const plain = { 'webhook-id': id, 'content-length': String(Buffer.byteLength(text)) };
  const headers = secret === null ? plain : signedRequest({ id, body: text }, { secret, previous: null }, now).headers;
  const answer = await postTo(url, text, headers).catch((error: unknown) => {
    throw new Error(`the webhook was not told: ${wordOf(error)}`);
  });
  if (answer === null) throw new Error('the webhook was not told: its host has no address');
  if (answer.status < 200 || answer.status > 299) throw new Error(`the webhook answered ${answer.status}`);
}

/** null: it may not be called. The operator of the server chose the URL, and may mean an inner one. */
async function postTo(url: string, text: string, headers: Readonly<Record<string, string>>): Promise<Posted | null> {
  const target = await openTarget(url, { allow: [new URL(url).host], timeoutMs: LONGEST_MS });
  if (target === null) return null;
  try {
    return await target.post(text, headers);
  } finally {
    await target.close();
  }
}

async function mail(
  { to, from, relay }: NonNullable<AlertTargets['mail']>,
  { id, body }: { id: string; body: AlertBody },
): Promise<void> {
  const timeouts = { connectionTimeout: LONGEST_MS, greetingTimeout: LONGEST_MS, socketTimeout: LONGEST_MS };
  const transport = nodemailer.createTransport({
    url: relay,
    ...timeouts,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const over = body.type === 'alert.over' ? 'over: ' : '';
  try {
    await transport.sendMail({
      ...{ from, to: [...to], text: mailText(body), messageId: `<${id}@${from.split('@').at(-1)}>` },
      // The end is shown below the beginning.
      references: `<${body.data.alert_id}@cresset>`,
      subject: `[Cresset] ${over}${body.data.title}`,
      headers: { 'auto-submitted': 'auto-generated' },
    });
  } catch (error) {
    throw new Error(`the mail was not taken: ${wordOf(error)}`);
  } finally {
    transport.close();
  }
}

/** The kind of an error: its code, or its name. Its text may hold a URL with a password. */
function wordOf(error: unknown): string {
  const { code, responseCode, name } = Object(error) as Record<string, unknown>;
  if (typeof responseCode === 'number') return `the relay answered ${responseCode}`;
  return typeof code === 'string' ? code : String(name);
}
