import { parseConnectionUrl } from 'nodemailer/lib/shared';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { longest, tookTooLong } from './timeouts.ts';

/** How long an answer is believed, in milliseconds. */
const BELIEVED_MS = 600_000;

export interface ProbeOptions {
  url: string;
  connectionTimeout: number;
  greetingTimeout: number;
  socketTimeout: number;
  /** Longest time to ask, in milliseconds. Default: half a minute. */
  longestMs?: number;
}

/**
 * Asks a relay whether it takes addresses whose local part is not ASCII, on a connection of its own, because the mail
 * library sends such an address even to a relay that does not. Rejects when the relay cannot be asked. Source: RFC 6531.
 */
export function createUtf8Probe(options: ProbeOptions): () => Promise<boolean> {
  let asked: { at: number; answer: Promise<boolean> } | null = null;
  return () => {
    if (asked !== null && performance.now() - asked.at < BELIEVED_MS) return asked.answer;
    const current = { at: performance.now(), answer: ask(options) };
    current.answer.catch(() => {
      if (asked === current) asked = null;
    });
    asked = current;
    return current.answer;
  };
}

function ask({ url, longestMs = longest.login, ...timeouts }: ProbeOptions): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const connection = new SMTPConnection({ ...parseConnectionUrl(url), ...timeouts });
  const timer = setTimeout(() => {
    reject(tookTooLong(longestMs));
    connection.close();
  }, longestMs);
  connection.once('error', reject);
  connection.once('end', () => reject(Object.assign(new Error('the relay hung up'), { code: 'ECONNECTION' })));
  connection.connect((error) => {
    if (error) reject(error);
    else resolve(/^250[ -]SMTPUTF8\b/im.test(String(connection.lastServerResponse)));
    connection.quit();
  });
  return promise.finally(() => clearTimeout(timer));
}
