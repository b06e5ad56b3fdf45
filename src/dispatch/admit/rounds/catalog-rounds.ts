import { ItemSession } from '../../../item-catalogs/item-session.ts';
import type { MessageItems } from '../../../item-catalogs/message-items.ts';
import type { ItemShelf } from '../../../item-catalogs/shelf.ts';
import type { PreparedMessage } from '../../plan/loaded-dispatch.ts';
import type { Candidate } from '../candidates.ts';
import type { Refusal } from '../decision.ts';

/** How many readings of catalogs may depend on one another in one message. */
const MOST_DEEP = 10;

const tooDeep: Refusal = {
  kind: 'refuse',
  status: 'aborted',
  reason: 'render_error',
  detail: `more than ${MOST_DEEP} readings of catalogs depend on one another`,
};

/**
 * The messages of a chunk that read item catalogs. Rendering waits for nothing, so a message is rendered, what it wants is
 * noted, all of it is read at once for all messages, and the message is rendered again, until it misses nothing.
 */
export class CatalogRounds {
  readonly #shelf: ItemShelf | null;
  readonly #items = new Map<Candidate, MessageItems>();
  readonly #constant = new Set<PreparedMessage>();
  #session: ItemSession | null = null;
  #waiting: Candidate[] = [];
  #depth = 0;

  constructor(shelf: ItemShelf | null) {
    this.#shelf = shelf;
  }

  /** The items for a message. undefined: it reads none. null: another message wants the same, so this one must wait. */
  itemsFor(candidate: Candidate): MessageItems | undefined | null {
    const { message, dispatch } = candidate;
    if (message.catalogs.length === 0 || this.#shelf === null) return undefined;
    if (this.#constant.has(message)) {
      this.#waiting.push(candidate);
      return null;
    }
    this.#session ??= new ItemSession(this.#shelf);
    const items = this.#items.get(candidate) ?? this.#session.forMessage(dispatch.workspace.id);
    this.#items.set(candidate, items);
    items.begin();
    return items;
  }

  /** Keeps a message that must be rendered again. */
  wait(candidate: Candidate): void {
    const { message } = candidate;
    this.#waiting.push(candidate);
    if (message.catalogs.every(({ isConstant }) => isConstant)) this.#constant.add(message);
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Takes the messages that wait. */
  take(): Candidate[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#constant.clear();
    return waiting;
  }

  /** Reads what the messages want. Returns those that may be rendered again; the others are refused. */
  async read(waiting: Candidate[]): Promise<Candidate[]> {
    // Those for which there was no room do not count as deep.
    if (await this.#session?.read()) this.#depth += 1;
    if (this.#depth <= MOST_DEEP) return waiting;
    for (const { facts } of waiting) facts.composed = tooDeep;
    return [];
  }
}
