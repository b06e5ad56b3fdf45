import { refusingExpensive } from '../../../audience/time-limit.ts';
import { evaluateLines, type PersonOfLine, refusalOf } from '../../expand/listed-roster.ts';
import type { ListedRecipient } from '../../ledger/lists/chunks.ts';
import type { ListedRefusal } from '../../ledger/lists/listed-refusals.ts';
import type { LoadedDispatch } from '../../plan/loaded-dispatch.ts';
import type { SendRemarks } from '../../plan/remarks.ts';
import { verdictOfRefusal } from '../recipients.ts';
import { tally } from '../verdicts.ts';
import { type Asked, answerOf, type DryRunDeps, judge, LOOKED_AT, rehearse } from './dry-run.ts';

/** Refused lines that are shown. All are counted. */
const MOST_SHOWN = 500;

/** Begins the dry run of a list. */
export type ListDryRun = (asked: Asked) => RehearsedList;

export function createListDryRun(deps: DryRunDeps): ListDryRun {
  return (asked) => new RehearsedList(deps, asked);
}

/**
 * A list that is only looked at, chunk by chunk, as if it were expanded. Who is a recipient is found out for all lines, and
 * the messages of the first 500 recipients are made. It holds the user ids of everybody found, 32 MB for a million.
 */
export class RehearsedList {
  readonly #deps: DryRunDeps;
  readonly #dispatch: LoadedDispatch;
  readonly #now: Date;
  readonly #seen = new Set<number>();
  readonly #refused = tally([]);
  readonly #shown: ListedRefusal[] = [];
  readonly #lookedAt: PersonOfLine[] = [];
  #lines = 0;

  constructor(deps: DryRunDeps, asked: Asked) {
    this.#deps = deps;
    this.#now = deps.clock.now();
    this.#dispatch = rehearse(asked, this.#now);
  }

  /** Nothing of it is stored. */
  has(): boolean {
    return false;
  }

  async add({ recipients }: { recipients: readonly ListedRecipient[] }): Promise<void> {
    this.#lines += recipients.length;
    const roster = await refusingExpensive(() => evaluateLines(this.#deps.db, this.#dispatch, recipients, this.#now));
    const refusals = [...roster.refusals];
    for (const { outsider, ...person } of roster.people) {
      if (this.#seen.has(person.userId)) refusals.push(refusalOf(person, { reason: 'duplicate' }));
      else if (outsider !== null) refusals.push(refusalOf(person, { reason: outsider.reason, ...detailOf(outsider) }));
      else if (this.#lookedAt.length < LOOKED_AT) this.#lookedAt.push({ outsider, ...person });
      this.#seen.add(person.userId);
    }
    for (const { reason } of refusals) this.#refused[reason] += 1;
    refusals.sort((one, other) => one.line - other.line);
    this.#shown.push(...refusals.slice(0, MOST_SHOWN - this.#shown.length));
  }

  /** The answer, once the whole list was added. */
  async answer(remarks: SendRemarks): Promise<object> {
    const people = this.#lookedAt.map(({ bucket, userId }) => ({ bucket, userId, position: null }));
    const listed = new Map(
      this.#lookedAt.flatMap(({ userId, properties }) => (properties ? [[userId, properties]] : [])),
    );
    return answerOf({
      ...{ targeted: this.#lines, refused: this.#refused, remarks },
      refusals: this.#shown.map(({ line, ...refusal }) => ({ ...verdictOfRefusal(refusal), line })),
      verdicts: await judge(this.#deps, this.#dispatch, { people, listed, moments: new Map() }, this.#now),
    });
  }
}

function detailOf({ detail }: { detail: string | null }): { detail?: string } {
  return detail === null ? {} : { detail };
}
