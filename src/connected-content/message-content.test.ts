import assert from 'node:assert/strict';
import test from 'node:test';
import type { ContentRequest } from '../templating/content/reader.ts';
import type { Calls } from './calls.ts';
import { Fetched } from './fetched.ts';
import { MessageContent } from './message-content.ts';

/** What a tag without outputs gives to every message, in whatever workspace it stands. */
const literal: ContentRequest = {
  ...{ method: 'GET', url: 'https://offers.test/today?token=secret', headers: {}, body: null, credential: null },
  ...{ shareSeconds: 300, isRetried: false, isLiteral: true },
};

test('a tag that stands in two workspaces gives each the answer of its own', () => {
  const answers = new Map<string, Fetched>();
  const calls: Calls = {
    known: (key) => answers.get(key),
    ask: async () => assert.fail('everything is known'),
    untilRoom: async () => undefined,
    hold: () => undefined,
  };
  const keyFor = (id: number) => JSON.stringify([id, literal.method, literal.url, {}, null, null, true]);
  for (const id of [1, 2])
    answers.set(keyFor(id), new Fetched({ status: 200, text: `of ${id}`, isJson: false, failure: null, ms: 5 }));
  for (const id of [1, 2, 2, 1, 2]) {
    const message = new MessageContent(calls, { id }, `message of ${id}`);
    message.begin(() => true);
    assert.equal(message.answerTo(literal).text, `of ${id}`);
    assert.equal(message.answerTo(literal).text, `of ${id}`, 'asked twice in one message');
    const made = { method: 'GET', url: 'https://offers.test/today', status: 200, failure: null, ms: 0 };
    assert.deepEqual(message.calls, [made], 'without the query');
  }
});
