import { type Agent, type Dispatcher, request } from 'undici';
import { findPassage } from '../../../net/guard.ts';
import { pinnedAgent } from '../../../net/pinned-agent.ts';
import { hostOf } from '../../answers/provider-reply.ts';
import { saidText } from '../../answers/provider-words.ts';
import { type Outcome, refusedByUs } from '../../outcome.ts';
import type { FileCredential } from '../settings.ts';

/** Most bytes of one file. Source: messaging-objects.md §6.4. */
export const MAX_FILE_BYTES = 2_097_152;
const MOST_REDIRECTS = 3;
const CONNECT_MS = 10_000;
/** Longest time of one file with all its redirects, in milliseconds. */
const LONGEST_MS = 120_000;
const MAX_URL_CHARACTERS = 8_192;

export interface FetchOptions {
  /** Targets that may be called although they are not public. */
  allow: readonly string[];
  /** null: without. It is sent to the origin of the first URL only. */
  credential: FileCredential | null;
  /** Ends the call, for example because the server stops. */
  signal: AbortSignal;
  longestMs?: number | undefined;
  /** Most bytes of the file. Default: those of an attachment. */
  mostBytes?: number;
}

export interface FetchedFile {
  kind: 'file';
  bytes: Buffer;
  /** Where the file was in the end. */
  url: URL;
  contentType: string | undefined;
}

type Failure = Extract<Outcome, { kind: 'retry' | 'failed' }>;
export type Fetched = FetchedFile | Failure;

/** Fetches one file of a mail. Each redirect is checked like the first URL. Source: messaging-objects.md §6.4, §9.4. */
export async function fetchFile(text: string, options: FetchOptions): Promise<Fetched> {
  const { longestMs = LONGEST_MS, mostBytes = MAX_FILE_BYTES } = options;
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(longestMs)]);
  let url = text;
  try {
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      const isFirst = redirects === 0 || (URL.canParse(url) && new URL(url).origin === new URL(text).origin);
      const credential = isFirst ? options.credential : null;
      const found = await fetchHop(url, { ...options, mostBytes, credential, signal });
      if (!('location' in found)) return found;
      url = found.location;
    }
    return unusable(url, `was redirected more than ${MOST_REDIRECTS} times`);
  } catch (error) {
    const reason = signal.aborted ? 'timeout' : codeOf(error);
    return { kind: 'retry', reason: `attachment ${reason}`, ...told(url, `no file came (${reason})`) };
  }
}

/** Calls one URL. Throws the errors of the network. */
async function fetchHop(
  text: string,
  options: Required<Pick<FetchOptions, 'allow' | 'credential' | 'signal' | 'mostBytes'>>,
) {
  if (text.length > MAX_URL_CHARACTERS) return unusable(text, 'has a URL that is too long');
  const passage = await findPassage(text, options);
  if (!passage.allowed) {
    const what =
      'leads to an address or port that may not be called; email.attachments.allow in the workspace file lists exceptions';
    return refusedByUs('blocked_target', told(text, what).detail);
  }
  options.signal.throwIfAborted();
  const answerMs = LONGEST_MS;
  const agent = pinnedAgent(passage, { connectMs: CONNECT_MS, answerMs, maxResponseBytes: options.mostBytes + 1 });
  try {
    const response = await request(passage.url, {
      dispatcher: agent,
      headers: { accept: '*/*', 'accept-encoding': 'identity', ...authorization(options.credential) },
      signal: options.signal,
    });
    return await readAnswer(response, passage.url, options.mostBytes);
  } finally {
    close(agent);
  }
}

async function readAnswer(
  response: Dispatcher.ResponseData,
  url: URL,
  mostBytes: number,
): Promise<Fetched | { location: string }> {
  const { statusCode: status, headers } = response;
  const drop = () => void response.body.on('error', ignore).destroy();
  const location = [headers.location].flat()[0];
  if ([301, 302, 303, 307, 308].includes(status) && location !== undefined && URL.canParse(location, url)) {
    drop();
    return { location: new URL(location, url).href };
  }
  if (status < 200 || status >= 300) {
    drop();
    return ofStatus(status, url);
  }
  const encoding = [headers['content-encoding']].flat()[0] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    drop();
    return unusable(url.href, 'came compressed, though we asked for it as it is');
  }
  const bytes = await readBody(response.body, mostBytes);
  if (bytes === null) return tooLarge(url, mostBytes);
  if (bytes.length === 0) return unusable(url.href, `was answered ${status} and is empty`);
  return { kind: 'file', bytes, url, contentType: [headers['content-type']].flat()[0] };
}

/** null: the file is too large. */
async function readBody(body: Dispatcher.ResponseData['body'], mostBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > mostBytes) return null;
      chunks.push(chunk);
    }
  } catch (error) {
    if (codeOf(error) === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return null;
    throw error;
  }
  return Buffer.concat(chunks);
}

function ofStatus(status: number, url: URL): Failure {
  const isTemporary = status === 408 || status === 429 || status >= 500;
  if (!isTemporary) return unusable(url.href, `was answered ${status}`);
  return { kind: 'retry', reason: `attachment ${status}`, ...told(url.href, `was answered ${status}`) };
}

function tooLarge(url: URL, mostBytes: number): Failure {
  return refusedByUs('payload_too_large', told(url.href, `is larger than ${mostBytes} bytes`).detail);
}

/** A file that no repetition makes usable. */
export function unusable(url: string, what: string): Failure {
  return refusedByUs('attachment_unusable', told(url, what).detail);
}

/** Only the host is named, because the rest of a URL may be a person's own. */
function told(url: string, what: string): { detail: string } {
  const from = URL.parse(url);
  const where = from === null || from.hostname === '' ? '' : ` from ${hostOf(from)}`;
  return { detail: saidText(`the attachment${where} ${what}`) ?? what };
}

function authorization(credential: FileCredential | null): Record<string, string> {
  if (credential === null) return {};
  const pair = Buffer.from(`${credential.username}:${credential.password}`).toString('base64');
  return { authorization: `Basic ${pair}` };
}

function close(agent: Agent): void {
  agent.destroy().catch(ignore);
}

function ignore(): void {
  // The connection is closed, as intended.
}

function codeOf(error: unknown): string {
  const { code, name } = Object(error) as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'error';
}
