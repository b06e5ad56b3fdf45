import { BoundedCache } from '../../../lib/bounded-cache.ts';
import { Room } from '../../../lib/limits/room.ts';
import { type Held, refusedByUs, STOPPED } from '../../outcome.ts';
import type { AttachedFile } from '../mime/attached-file.ts';
import { base64Lines } from '../mime/base64-lines.ts';
import type { RenderedAttachment } from '../rendered.ts';
import type { AttachmentSettings } from '../settings.ts';
import { type Fetched, fetchFile, unusable } from './fetch-file.ts';
import { extensionOf, fullName, mediaTypeOf } from './file-types.ts';

/** Most bytes of all files of one mail. Source: messaging-objects.md §6.4. */
const MAX_TOTAL_BYTES = 10 * 1_048_576;
/** Bytes of files that are kept for the next mails of their dispatch. */
const CACHE_BYTES = 64 * 1_048_576;
/** How long a file that could not be had is not asked for again, in milliseconds, because thousands of mails may have it. */
const FAILED_MS = 30_000;

export interface AttachmentsOptions extends AttachmentSettings {
  nowMs(): number;
  /** Most mails with files in hand at once, which bounds the memory. */
  mostMails: number;
  longestMs?: number;
}

/** A mail whose files are to be attached. */
export interface MailWithFiles {
  dispatchId: string;
  attachments: readonly RenderedAttachment[];
}

/** A file without its name, which may be another for each person. */
type Content = Pick<AttachedFile, 'base64' | 'sizeBytes'> & { kind: 'content'; extension: string };
type Failure = Exclude<Fetched, { kind: 'file' }>;

/**
 * Fetches the files of mails. A file is fetched once for each dispatch, URL and credential, and kept while there is
 * memory for it.
 */
export class Attachments {
  readonly #options: AttachmentsOptions;
  readonly #kept = new BoundedCache<string, Content>({ mostBytes: CACHE_BYTES });
  readonly #failed = new BoundedCache<string, { failure: Failure; untilMs: number }>({ mostBytes: 1_048_576 });
  readonly #fetching = new Map<string, Promise<Content | Failure>>();
  readonly #room: Room;
  readonly #closing = new AbortController();

  constructor(options: AttachmentsOptions) {
    this.#options = options;
    const noLimit = Number.POSITIVE_INFINITY;
    const limits = { mostOfOwner: noLimit, mostWaiting: noLimit, mostWaitingOfOwner: noLimit };
    this.#room = new Room({ most: options.mostMails, ...limits });
  }

  /** Gives `use` the mail's files, or why it cannot have all of them. Holds one of few places until `use` is done. */
  during<T>(
    mail: MailWithFiles,
    signal: AbortSignal,
    use: (found: AttachedFile[] | Failure | Held) => Promise<T>,
  ): Promise<T> {
    return this.#room.run(0, async () => use(await unlessAborted(signal, () => this.#filesOf(mail))));
  }

  /** Ends what is being fetched. */
  close(): void {
    this.#closing.abort();
  }

  async #filesOf({ dispatchId, attachments }: MailWithFiles): Promise<AttachedFile[] | Failure> {
    const found = await Promise.all(attachments.map((one) => this.#content(dispatchId, one)));
    const failure = found.find((one) => one.kind !== 'content');
    if (failure !== undefined) return failure;
    const contents = found.filter((one) => one.kind === 'content');
    const totalBytes = contents.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (totalBytes > MAX_TOTAL_BYTES)
      return refusedByUs('payload_too_large', `the attachments have ${totalBytes} bytes, more than ${MAX_TOTAL_BYTES}`);
    return contents.map(({ extension, base64, sizeBytes }, index) => {
      const name = fullName(attachments[index]?.file_name ?? '', extension);
      return { name, type: mediaTypeOf(extension), base64, sizeBytes };
    });
  }

  async #content(dispatchId: string, attachment: RenderedAttachment): Promise<Content | Failure> {
    const key = JSON.stringify([dispatchId, attachment.basic_auth_credential ?? null, attachment.url]);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const failed = this.#failed.get(key);
    if (failed !== undefined && this.#options.nowMs() < failed.untilMs) return failed.failure;
    const under = this.#fetching.get(key);
    if (under !== undefined) return under;
    const fetching = this.#fetch(key, attachment).finally(() => this.#fetching.delete(key));
    this.#fetching.set(key, fetching);
    return fetching;
  }

  async #fetch(key: string, { url, basic_auth_credential: name }: RenderedAttachment): Promise<Content | Failure> {
    const { allow, credentials, longestMs } = this.#options;
    const credential = credentials.find((one) => one.name === name) ?? null;
    // Settings may have changed since the request was accepted.
    if (name !== undefined && credential === null) return unusable(url, `needs the credential ${name}, which is gone`);
    const fetched = await fetchFile(url, { allow, credential, longestMs, signal: this.#closing.signal });
    const found = fetched.kind === 'file' ? contentOf(fetched) : fetched;
    if (found.kind === 'content') this.#kept.set(key, found, found.base64.length);
    else this.#failed.set(key, { failure: found, untilMs: this.#options.nowMs() + FAILED_MS }, 1_024 + key.length);
    return found;
  }
}

/** Does not wait for `work` any more once `signal` is aborted. The work goes on, because other mails may need it. */
async function unlessAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | Held> {
  const stopped: Held = { kind: 'held', untilMs: null, reason: STOPPED };
  if (signal.aborted) return stopped;
  const { promise, resolve } = Promise.withResolvers<Held>();
  const stop = () => resolve(stopped);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work(), promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function contentOf({ bytes, url, contentType }: Extract<Fetched, { kind: 'file' }>): Content | Failure {
  const extension = extensionOf(url, contentType);
  if (extension === null) return unusable(url.href, 'is of a kind that mails may not carry');
  return { kind: 'content', extension, base64: base64Lines(bytes), sizeBytes: bytes.length };
}
