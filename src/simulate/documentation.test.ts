import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { admAnswers } from './adm/adm.ts';
import { networkAnswerNames } from './answers.ts';
import { apnsAnswers, codedAnswers } from './apns/apns-answers.ts';
import { fcmAnswers } from './fcm/fcm-answers.ts';
import { smtpAnswers } from './smtp/smtp-answers.ts';
import { answers as twilioAnswers } from './twilio/twilio-answers.ts';
import { webPushAnswers } from './web-push/web-push.ts';
import { whatsAppAnswers } from './whats-app/whats-app-answers.ts';

const page = readFileSync(new URL('../../docs/simulators.md', import.meta.url), 'utf8');

/** The names in the first cells of a section's rows, in lower case and without underscores, as answers are looked up. */
function documented(title: string): string[] {
  const section = page.split(`\n### ${title}\n`)[1]?.split(/\n##/)[0] ?? '';
  const cells = [...section.matchAll(/^\| (`[^|]+`) \|/gm)].map(([, cell = '']) => cell);
  const names = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name));
  return names.map((name) => name.toLowerCase().replace(/_/g, ''));
}

const tables: [string, ReadonlyMap<string, unknown>][] = [
  ['FCM', fcmAnswers],
  ['APNs', apnsAnswers],
  ['ADM', admAnswers],
  ['Web push', webPushAnswers],
  ['Twilio', twilioAnswers],
  ['WhatsApp', whatsAppAnswers],
  ['SMTP', smtpAnswers],
];
for (const [title, answers] of tables) {
  test(`docs/simulators.md names every answer of ${title} and no other`, () => {
    const own = [...answers.keys()].filter((name) => !networkAnswerNames.includes(name));
    assert.deepEqual(documented(title).sort(), own.sort());
  });
}

test('docs/simulators.md gives the code of every answer that an Apple device token can ask for', () => {
  const codes = Object.fromEntries(
    [...page.matchAll(/^\| `(\w+)` \|.*\| `([0-9a-f]{2})` \|$/gm)].map(([, a, b]) => [a, b]),
  );
  const expected = codedAnswers.map((name, code): [string, string] => [name, code.toString(16).padStart(2, '0')]);
  const inText = Object.fromEntries([...page.matchAll(/`(\w+)` = `([0-9a-f]{2})`/g)].map(([, a, b]) => [a, b]));
  assert.deepEqual({ ...codes, ...inText }, Object.fromEntries(expected));
});
