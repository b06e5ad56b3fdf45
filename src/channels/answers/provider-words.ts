import type { Outcome } from '../outcome.ts';
import { hostOf, jsonObject, objectOf } from './provider-reply.ts';

/** Most bytes of an answer that are read to learn what it says. */
export const MAX_WORDS_BYTES = 2_048;
const LONGEST_CHARACTERS = 500;
/** A shorter secret would mask parts of ordinary words. */
const SHORTEST_SECRET = 4;
const MASK = '(masked)';

/** Credentials by their form, wherever they come from: headers, tokens, users in URLs, members named like a secret. */
const credentials: readonly [form: RegExp, instead: string][] = [
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${MASK}`],
  [/\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*/g, MASK],
  [/:\/\/[^\s/@]{1,200}@/g, `://${MASK}@`],
  [
    /\b(pass(?:word|wd)?|secret|client_secret|api[-_]?key|access[-_]?token)(["']?\s*[:=]\s*["']?)[^\s"',;&]+/gi,
    `$1$2${MASK}`,
  ],
];

/**
 * Makes a provider's text fit for a verdict: one line of at most 500 characters, without control characters and
 * credentials. `secrets`: what else must not be shown, because we sent it. null: the text says nothing.
 */
export function saidText(text: string, secrets: readonly string[] = []): string | null {
  const masked = credentials.reduce(
    (kept, [form, instead]) => kept.replace(form, instead),
    withoutSecrets(text, secrets),
  );
  const line = masked
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .toWellFormed();
  if (line === '') return null;
  return line.length <= LONGEST_CHARACTERS ? line : `${line.slice(0, LONGEST_CHARACTERS - 1).toWellFormed()}…`;
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  const long = secrets.filter(({ length }) => length >= SHORTEST_SECRET).sort((a, b) => b.length - a.length);
  const masked = long.reduce((kept, secret) => kept.replaceAll(secret, MASK), text);
  return long.reduce(withoutCutEnd, masked);
}

/** Masks the beginning of a secret with which a text ends, because only the first part of an answer is read. */
function withoutCutEnd(text: string, secret: string): string {
  for (let length = Math.min(secret.length - 1, text.length); length >= SHORTEST_SECRET; length -= 1)
    if (text.endsWith(secret.slice(0, length))) return text.slice(0, -length) + MASK;
  return text;
}

/** The status and the text of an answer. The text is the message in its JSON, or else the body. */
export function replyWords(
  { status, body }: { status: number; body: Buffer },
  secrets: readonly string[] = [],
): string | null {
  return saidText(`${status} ${messageIn(body) ?? body.toString('utf8')}`, secrets);
}

function messageIn(body: Buffer): string | null {
  const { error, message, reason, error_description: description } = jsonObject(body);
  const texts = [objectOf(error).message, description, message, reason, error];
  return texts.find((text) => typeof text === 'string') ?? null;
}

/** Where a connection failed, such as `ECONNREFUSED 127.0.0.1:587`. `url`: what was called, if the error does not say. */
export function connectionWords(error: unknown, url: URL): string | null {
  const { code, message, address, port } = firstOf(error);
  const what = typeof code === 'string' ? code : typeof message === 'string' ? message : 'no connection';
  const where = typeof address === 'string' && typeof port === 'number' ? hostPort(address, port) : hostOf(url);
  return saidText(`${what} ${where}`);
}

/** A connection to several addresses fails with one error for each. */
function firstOf(error: unknown): { code?: unknown; message?: unknown; address?: unknown; port?: unknown } {
  const { errors } = Object(error) as { errors?: unknown };
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  return Object(first ?? error) as ReturnType<typeof firstOf>;
}

function hostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The outcome with what the provider said. A message that was accepted needs no words. */
export function withWords<One extends Outcome>(outcome: One, words: string | null): One {
  if (words === null || outcome.kind === 'accepted' || outcome.kind === 'expired') return outcome;
  return { ...outcome, detail: words };
}
