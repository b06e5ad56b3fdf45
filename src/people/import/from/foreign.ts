import type { RawObject } from '../../../lib/raw/json.ts';
import { isObject, own, shown } from '../../../lib/raw/json.ts';
import { ObjectProblem } from '../../../lib/raw/problems.ts';
import type { WorkspaceCatalog } from '../../../workspace/catalog.ts';
import { Remarks, sentenceOf } from '../../remarks.ts';
import type { History } from '../../track/history.ts';
import type { Entry, Reading } from '../entry.ts';
import { AppsOfFile } from './apps.ts';
import { LeftOut } from './left-out.ts';

/** The systems whose exports are read. `braze` is the original. */
export const foreignSystems = ['braze', 'onesignal', 'pinpoint'] as const;
export type ForeignSystem = (typeof foreignSystems)[number];

/** How the exports of another system are read. */
export interface ForeignOptions {
  system: ForeignSystem;
  /** Ids of apps of the workspace, by the name or platform that the file has for them. */
  apps: ReadonlyMap<string, string>;
  /** The subscription group that gets the state of people's phone numbers. null: none. */
  smsGroup: string | null;
}

/** What a record of another system becomes. */
export interface Translation {
  /** An object of `attributes`, as in /users/track. */
  object: RawObject;
  history: History;
}

/** What reads one record: what is wrong with it, and what there is no place for. */
export class Translating {
  readonly workspace: WorkspaceCatalog;
  readonly apps: AppsOfFile;
  readonly smsGroup: string | null;
  readonly leftOut: LeftOut;
  readonly now: Date;
  /** What is left out of this record although there is a place for it, because it is wrong. */
  readonly remarks = new Remarks();

  constructor(shared: Pick<Translating, 'workspace' | 'apps' | 'smsGroup' | 'leftOut'>, now: Date) {
    this.workspace = shared.workspace;
    this.apps = shared.apps;
    this.smsGroup = shared.smsGroup;
    this.leftOut = shared.leftOut;
    this.now = now;
  }

  /** The subscription group of people's numbers with this state, in the form of /users/track. */
  smsState(state: 'subscribed' | 'unsubscribed'): RawObject {
    if (this.smsGroup === null) return {};
    return { subscription_groups: [{ subscription_group_id: this.smsGroup, subscription_state: state }] };
  }
}

/** Reads one record. Throws ObjectProblem if nothing of it can be used. */
export type Translate = (record: RawObject, work: Translating) => Translation;

/** Turns the records of another system into objects of /users/track. */
export class Translator {
  readonly leftOut = new LeftOut();
  readonly #translate: Translate;
  readonly #shared: Pick<Translating, 'workspace' | 'apps' | 'smsGroup' | 'leftOut'>;
  readonly #now: () => Date;

  constructor(
    translate: Translate,
    { workspace, options, now }: { workspace: WorkspaceCatalog; options: ForeignOptions; now(): Date },
  ) {
    const { smsGroup } = options;
    this.#translate = translate;
    this.#shared = { workspace, smsGroup, leftOut: this.leftOut, apps: new AppsOfFile(workspace, options.apps) };
    this.#now = now;
  }

  async *entries(groups: AsyncIterable<Entry[]>): AsyncGenerator<Entry[]> {
    for await (const group of groups) yield group.map((entry) => this.#translated(entry));
  }

  #translated(entry: Entry): Entry {
    return {
      line: entry.line,
      sizeBytes: entry.sizeBytes,
      shown: () => entry.shown(),
      read: () => this.#read(entry.read()),
    };
  }

  #read({ object: record }: Reading): Reading {
    if (!isObject(record)) throw new ObjectProblem('expected an object');
    const work = new Translating(this.#shared, this.#now());
    const { object, history } = this.#translate(record, work);
    return { object, history, problems: [], badName: null, left: work.remarks.all.map(sentenceOf) };
  }
}

/** Counts the members of a record that are given and not among `known`, by their names. */
export function leaveOutUnknown(record: RawObject, known: ReadonlySet<string>, { leftOut }: Translating): void {
  for (const name of Object.keys(record)) {
    if (!known.has(name) && !isNothing(own(record, name))) leftOut.add(shown(name));
  }
}

/** Whether a value says nothing: null, or a text, list or object without content. */
export function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
