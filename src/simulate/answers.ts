import type { Answer, Reaction } from '../net/wire.ts';

/** One way in which a stand-in can treat a message, and what that means for its ledger. */
export interface NamedAnswer {
  reaction: (context: AnswerContext) => Reaction;
  /** The provider accepts the message, whatever the client sees. */
  accepts?: true;
  /** The target is dead from now on. */
  kills?: true;
}

export interface AnswerContext {
  /** The provider's answer for an accepted message. */
  accepted: () => Answer;
  now: Date;
  /** Delay of the answer `slow`, in milliseconds. */
  slowMs: number;
}

export type AnswerTable = ReadonlyMap<string, NamedAnswer>;

/** A table entry that gives this answer. */
export function answering(answer: Answer, rest: Omit<NamedAnswer, 'reaction'> = {}): NamedAnswer {
  return { reaction: () => ({ kind: 'answer', answer }), ...rest };
}

const html = (status: number): Answer => ({
  status,
  headers: [['content-type', 'text/html; charset=UTF-8']],
  body: `<!DOCTYPE html><html lang=en><title>Error ${status}</title><p>That’s an error.</html>`,
});

const HUGE_BYTES = 8_388_608;

/** Faults of networks and front ends. Every provider has these besides its own answers. */
const networkAnswers: Readonly<Record<string, NamedAnswer>> = {
  accepted: { reaction: ({ accepted }) => ({ kind: 'answer', answer: accepted() }), accepts: true },
  slow: {
    reaction: ({ accepted, slowMs }) => ({ kind: 'answer', answer: accepted(), afterMs: slowMs }),
    accepts: true,
  },
  lost: { reaction: () => ({ kind: 'reset' }), accepts: true },
  truncated: {
    reaction: ({ accepted }) => ({
      kind: 'truncate',
      answer: { ...accepted(), body: '{"truncated":"in the middle"}' },
    }),
    accepts: true,
  },
  garbage: {
    reaction: ({ accepted }) => ({ kind: 'answer', answer: { ...accepted(), body: '{"name":' } }),
    accepts: true,
  },
  reset: { reaction: () => ({ kind: 'reset' }) },
  close: { reaction: () => ({ kind: 'close' }) },
  goaway: { reaction: () => ({ kind: 'unprocessed' }) },
  never: { reaction: () => ({ kind: 'silence' }) },
  html: answering(html(502)),
  huge: { reaction: () => ({ kind: 'answer', answer: { ...html(500), body: Buffer.alloc(HUGE_BYTES, 'x') } }) },
};

export const networkAnswerNames: readonly string[] = Object.keys(networkAnswers);

/** `own` comes first: a number means the first answer with that status (see `answerFor`). */
export function answerTable(own: Readonly<Record<string, NamedAnswer>>): AnswerTable {
  const named = Object.entries({ ...own, ...networkAnswers });
  return new Map(named.map(([name, answer]): [string, NamedAnswer] => [canonical(name), answer]));
}

/** Letter case and word separators do not matter: `SENDER_ID_MISMATCH` equals `senderIdMismatch`. */
export function canonical(name: string): string {
  return name.toLowerCase().replace(/[_ ]/g, '');
}

/**
 * The answer with this name. A number means the provider's first answer with that status, or else a plain page of a front
 * end. null: there is no such answer.
 */
export function answerFor(table: AnswerTable, name: string): NamedAnswer | null {
  const known = table.get(canonical(name));
  if (known !== undefined || !/^[2-5]\d\d$/.test(name)) return known ?? null;
  const status = Number(name);
  return [...table.values()].find((answer) => statusOf(answer) === status) ?? answering(html(status));
}

function statusOf({ reaction, accepts }: NamedAnswer): number | null {
  if (accepts === true) return null;
  const sample = { status: 0, headers: [], body: '' };
  const what = reaction({ accepted: () => sample, now: new Date(0), slowMs: 0 });
  return what.kind === 'answer' ? what.answer.status : null;
}

/** Adds a Retry-After header if the reaction is an answer. */
export function withRetryAfter(reaction: Reaction, seconds: number): Reaction {
  if (reaction.kind !== 'answer') return reaction;
  const { answer } = reaction;
  return { ...reaction, answer: { ...answer, headers: [...answer.headers, ['retry-after', String(seconds)]] } };
}

const JSON_HEADERS = [['content-type', 'application/json; charset=UTF-8']] as const;

export function jsonAnswer(status: number, body: object, headers: Answer['headers'] = JSON_HEADERS): Answer {
  return { status, headers, body: JSON.stringify(body) };
}
