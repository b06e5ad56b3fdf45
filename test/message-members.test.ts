// The tables of docs/api/messages.md against the code that reads messages: which members there are, which are required,
// which types are refused, and the limits.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test, { type TestContext } from 'node:test';
import type { ChannelKey } from '../src/channels/channel.ts';
import { channels } from '../src/channels/index.ts';
import { ObjectReader } from '../src/lib/raw/object-reader.ts';
import { Problems, type Stage } from '../src/lib/raw/problems.ts';
import { type Member, memberTables } from './support/docs/members.ts';

const tables = memberTables(readFileSync('docs/api/messages.md', 'utf8'));
const now = new Date('2026-03-15T12:00:00Z');

const whatsApp = { message_type: 'text_response_message', message: { body: 'x' } };

/** Messages that together are read to the depth of the tables. Default: an empty one. */
const full: Readonly<Record<string, Record<string, unknown>[]>> = {
  email: [{ attachments: [{}], cresset: {} }],
  android_push: [{ buttons: [{}], conversation_data: { messages: [{}], persons: [{}] } }],
  apple_push: [{ alert: { body: 'x' }, buttons: [{}] }],
  web_push: [{ buttons: [{}] }],
  whats_app: [whatsApp],
  template_message: [{ carousel_cards: [{}] }],
  quick_reply_response_message: [{ buttons: [{}] }],
  list_response_message: [{ list: { list_sections: [{ list_rows: [{}] }] } }],
  flow_response_message: [{ flow_button: {} }],
  carousel_response_message: [
    { carousel_button_type: 'quick_reply', cards: [{}] },
    { carousel_button_type: 'url', cards: [{ cta_url_button: {} }] },
  ],
};

/** What must stand beside a member so that it is read. */
function besides(table: string, path: string): Record<string, unknown> {
  const carousel = { carousel_button_type: path.includes('cta_url_button') ? 'url' : 'quick_reply' };
  const all = { whats_app: whatsApp, carousel_response_message: carousel }[table] ?? {};
  return Object.fromEntries(Object.entries(all).filter(([key]) => key !== path));
}

/** The channel of a table, and a whole message around the members that it lists. `at`: their path in the message. */
function placeOf(table: string): { channel: ChannelKey; at: string; around(members: object): Record<string, unknown> } {
  if (Object.hasOwn(channels, table))
    return { channel: table as ChannelKey, at: '', around: (members) => ({ ...members }) };
  return { channel: 'whats_app', at: 'message.', around: (message) => ({ message_type: table, message }) };
}

/** The paths of all members that the code asks a message for. */
function membersRead(t: TestContext, table: string, members: object): Set<string> {
  const { channel, at, around } = placeOf(table);
  const read = new Set<string>();
  const get = ObjectReader.prototype.get;
  t.mock.method(ObjectReader.prototype, 'get', function (this: ObjectReader, key: string) {
    read.add(
      this.at(key)
        .replace(/^m\.?/, '')
        .replace(/\[\d+\]/g, '[]'),
    );
    return get.call(this, key);
  });
  channels[channel].parse(around(members), 'm', new Problems(), now);
  return new Set([...read].flatMap((path) => (path.startsWith(at) ? [path.slice(at.length)] : [])));
}

/** Keeps the problems of all stages, where an answer has those of the first. */
class AllProblems extends Problems {
  readonly all: string[] = [];

  override add(stage: Stage, path: string, reason: string): void {
    this.all.push(`${path}: ${reason}`);
    super.add(stage, path, reason);
  }
}

function problemsOf(table: string, members: object): string[] {
  const { channel, at, around } = placeOf(table);
  const problems = new AllProblems();
  channels[channel].parse(around(members), 'm', problems, now);
  const said = [...problems.all, ...problems.minors];
  return said
    .map((text) => text.replace(/^m\.?/, '').replace(/\[\d+\]/g, '[]'))
    .flatMap((text) => (text.startsWith(at) ? [text.slice(at.length)] : []));
}

/** A message in which the member of this path has this value. */
function having(path: string, value: unknown): Record<string, unknown> {
  const [first = '', ...rest] = path.split('.');
  const inner = rest.length === 0 ? value : having(rest.join('.'), value);
  return first.endsWith('[]') ? { [first.slice(0, -2)]: [inner] } : { [first]: inner };
}

function refuses(table: string, { path }: Member, value: unknown): boolean {
  const said = problemsOf(table, { ...besides(table, path), ...having(path, value) });
  return said.some((text) => text.startsWith(path) && !text.slice(path.length).startsWith(': is required'));
}

/** The words of which a refusal of this value says that one is expected. Null: it is not refused so. */
function wordsExpected(table: string, { path }: Member, value: string): string[] | null {
  const begins = `${path}: expected one of `;
  const said = problemsOf(table, { ...besides(table, path), ...having(path, value) });
  return (
    said
      .find((text) => text.startsWith(begins))
      ?.slice(begins.length)
      .split(', ') ?? null
  );
}

test('the page has a table for every channel', () => {
  for (const key of Object.keys(channels)) assert.ok(tables.has(key), key);
});

for (const [table, members] of tables) {
  test(`the table of ${table} lists the members that are read, and no other`, (t) => {
    const read = [...new Set((full[table] ?? [{}]).flatMap((members) => [...membersRead(t, table, members)]))];
    // The members of `message` have tables of their own.
    const listed = table === 'whats_app' ? read.filter((path) => !path.startsWith('message.')) : read;
    assert.deepEqual(members.map(({ path }) => path).sort(), listed.sort());
  });

  test(`the table of ${table} says what is required`, () => {
    for (const { path, isRequired } of members) {
      const parent = path.includes('.') ? having(path.replace(/\.[^.]+$/, ''), {}) : {};
      const asks = problemsOf(table, { ...besides(table, path), ...parent }).some(
        (text) => text.startsWith(`${path}: `) && /required|at least one/.test(text),
      );
      assert.equal(asks, isRequired, path);
    }
  });

  test(`the table of ${table} gives the types`, () => {
    for (const member of members.filter(({ type }) => type !== 'any')) {
      const wrong = /^(object|array of objects)/.test(member.type) ? 5 : { no: 'scalar' };
      assert.ok(refuses(table, member, wrong), `${member.path}: ${JSON.stringify(wrong)} is accepted`);
      for (const word of member.words)
        assert.equal(wordsExpected(table, member, word), null, `${member.path}: ${word}`);
      if (member.words.length > 0) assert.deepEqual(wordsExpected(table, member, 'another'), member.words, member.path);
    }
  });

  test(`the table of ${table} gives the limits`, () => {
    for (const member of members) {
      for (const [value, isGood] of member.trials()) {
        const shown = `${member.path}: ${String(JSON.stringify(value)).slice(0, 40)}`;
        assert.equal(!refuses(table, member, value), isGood, shown);
      }
    }
  });
}
