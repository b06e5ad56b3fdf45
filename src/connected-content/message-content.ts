import type { ContentReader, ContentRequest } from '../templating/content/reader.ts';
import { LimitReached } from '../templating/liquid/errors.ts';
import { RenderStop } from '../templating/render-stop.ts';
import { BlockedUrl, urlOf } from './call.ts';
import type { Calls, ContentWorkspace, Outcome } from './calls.ts';
import { Fetched } from './fetched.ts';

/** Limits of one message. Source: personalization.md §8. */
const MOST_CALLS = 10;
const LONGEST_TOGETHER_MS = 10_000;
const MOST_BYTES = 4 * 1_048_576;

/** A call that a message made, for people. */
export interface MadeCall {
  method: string;
  /** Without its query, which may hold what is known of a person. */
  url: string;
  /** 598: not made, 599: not answered. null: it may not be made. */
  status: number | null;
  /** null: there is a good answer. */
  failure: string | null;
  /** 0: another message had made it already. */
  ms: number;
}

interface Wanted {
  id: string;
  request: ContentRequest;
}

/** The answers to one message's calls. The message is rendered again until none is missing. */
export class MessageContent implements ContentReader {
  readonly key: string;
  readonly #desk: Calls;
  readonly #workspace: ContentWorkspace;
  readonly #outcomes = new Map<string, Outcome>();
  /** With whole URLs, which nobody reads but a preview. */
  readonly #calls: MadeCall[] = [];
  readonly #underWay = new Map<string, Promise<void>>();
  /** How often each request was asked for in this rendering, for answers that are not shared. */
  readonly #asked = new Map<string, number>();
  #wanted: Wanted | null = null;
  #mayAsk: () => boolean = () => true;
  #retried: Fetched | null = null;
  #isAborted = false;
  #ms = 0;
  #bytes = 0;

  constructor(desk: Calls, workspace: ContentWorkspace, key: string) {
    this.#desk = desk;
    this.#workspace = workspace;
    this.key = key;
  }

  /** To be called before each rendering. `mayAsk`: whether everything else is there that the rendering reads. */
  begin(mayAsk: () => boolean): void {
    this.#mayAsk = mayAsk;
    this.#asked.clear();
    this.#wanted = null;
    this.#retried = null;
    this.#isAborted = false;
  }

  /** Whether the message must be rendered again once its next call is answered. */
  get isMissing(): boolean {
    return this.#wanted !== null;
  }

  /** The failure for which the message is to wait and try again. null: there is none, or its author has ended it. */
  get toRetry(): Fetched | null {
    return this.#isAborted ? null : this.#retried;
  }

  get calls(): MadeCall[] {
    return this.#calls.map((call) => ({ ...call, url: withoutQuery(call.url), ms: Math.round(call.ms) }));
  }

  /** Bytes of the answers that it holds. */
  get sizeBytes(): number {
    return this.#bytes;
  }

  answerTo(request: ContentRequest): Fetched {
    const { credential } = request;
    const known = this.#workspace.connectedContent?.credentials ?? [];
    if (credential !== null && !known.some(({ name }) => name === credential))
      throw new RenderStop('aborted', 'connected_content: there is no credential of that name');
    const outcome = this.#outcomeOf(request);
    // A new one: the answer may be shared, and an error notes where it arose.
    if (outcome instanceof BlockedUrl) throw new BlockedUrl();
    if (request.isRetried && outcome.mayComeLater) this.#retried ??= outcome;
    return outcome;
  }

  noteAbort(): void {
    this.#isAborted = true;
  }

  /** Makes the next call. Resolves when the message may be rendered again. */
  async fetch(): Promise<void> {
    if (this.#wanted === null) return;
    const { id, request } = this.#wanted;
    // A message that was put off meanwhile must not make the same call twice.
    const made = this.#underWay.get(id) ?? this.#make(id, request).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, made);
    await made;
  }

  /** Gives up the answers, once the message is composed. */
  release(): void {
    this.#desk.hold(-this.#bytes);
    this.#bytes = 0;
    this.#outcomes.clear();
  }

  async #make(id: string, request: ContentRequest): Promise<void> {
    if (this.#bytes === 0) await this.#desk.untilRoom();
    const startedMs = performance.now();
    const outcome = await this.#desk.ask(request, this.#workspace, request.shareSeconds > 0 ? id : null);
    const ms = performance.now() - startedMs;
    if (outcome instanceof Fetched) this.#ms += outcome.ms; // a message may wait longer, for a place among our calls
    this.#note(id, request, outcome, ms);
  }

  #outcomeOf(request: ContentRequest): Outcome {
    const id = this.#idOf(request);
    const had = this.#outcomes.get(id);
    if (had !== undefined) return had;
    if (this.#outcomes.size >= MOST_CALLS) throw new LimitReached(`more than ${MOST_CALLS} calls of connected_content`);
    if (this.#bytes > MOST_BYTES) throw new LimitReached(`more than ${MOST_BYTES} bytes of connected content`);
    const shared = request.shareSeconds > 0 ? this.#desk.known(id) : undefined;
    if (shared !== undefined) return this.#note(id, request, shared, 0);
    if (this.#ms > LONGEST_TOGETHER_MS)
      throw new LimitReached(`connected_content has taken more than ${LONGEST_TOGETHER_MS / 1_000} s`);
    // A call made from what is not there yet would be another call.
    if (this.#mayAsk()) this.#wanted = { id, request };
    throw new RenderStop('content_unavailable', 'the answer is not there yet');
  }

  #note(id: string, { method, url }: ContentRequest, outcome: Outcome, ms: number): Outcome {
    this.#outcomes.set(id, outcome);
    if (outcome instanceof Fetched)
      this.#calls.push({ method, url, status: outcome.status, failure: outcome.failure, ms });
    else this.#calls.push({ method, url, status: null, failure: outcome.message, ms });
    const bytes = 2 * id.length + (outcome instanceof Fetched ? outcome.sizeBytes : 0);
    this.#bytes += bytes;
    this.#desk.hold(bytes);
    return outcome;
  }

  /** The same text for calls that may share an answer. An answer that is not shared is for one place in the rendering. */
  #idOf(request: ContentRequest): string {
    const key = keyOf(request, this.#workspace.id);
    if (request.shareSeconds > 0) return key;
    const count = (this.#asked.get(key) ?? 0) + 1;
    this.#asked.set(key, count);
    return `${key} ${count}`;
  }
}

/** The keys of the requests that every message gives, which a broadcast asks for once for each person. */
const literalKeys = new WeakMap<ContentRequest, { workspaceId: number; key: string }>();

function keyOf(request: ContentRequest, workspaceId: number): string {
  const known = request.isLiteral ? literalKeys.get(request) : undefined;
  if (known?.workspaceId === workspaceId) return known.key;
  const { method, url, headers, body, credential, shareSeconds } = request;
  const key = JSON.stringify([workspaceId, method, url, headers, body, credential, shareSeconds > 0]);
  if (request.isLiteral) literalKeys.set(request, { workspaceId, key });
  return key;
}

function withoutQuery(text: string): string {
  const url = urlOf({ url: text });
  return url === null ? '' : url.origin + url.pathname;
}
