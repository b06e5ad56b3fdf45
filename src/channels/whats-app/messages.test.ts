// What is refused at once, and what Meta gets: messaging-objects.md §8.1, §8.2 and §8.4; rows 37, 38 and 40 of the traps.
import assert from 'node:assert/strict';
import test from 'node:test';
import { RequestError } from '../../errors.ts';
import { Problems } from '../../lib/raw/problems.ts';
import { RenderStop } from '../../templating/render-stop.ts';
import type { MessageKind } from './content.ts';
import { renderWhatsApp } from './rendering/render.ts';
import { parseWhatsApp } from './schema.ts';

const now = new Date('2026-01-05T10:00:00Z');
const facts = { now, timeZone: 'UTC', dispatchId: 'd1', campaignId: null, unsubscribeUrl: null, provider: null };

function problemsOf(message_type: MessageKind, message: object): string[] {
  const problems = new Problems();
  parseWhatsApp({ app_id: 'a', subscription_group_id: 'g', message_type, message }, 'messages.whats_app', problems);
  try {
    problems.throwIfAny();
    return [];
  } catch (error) {
    assert.ok(error instanceof RequestError);
    return [...error.errors];
  }
}

function render(message_type: MessageKind, message: object): Record<string, unknown> {
  const problems = new Problems();
  const raw = { app_id: 'a', subscription_group_id: 'g', message_type, message };
  const parsed = parseWhatsApp(raw, 'messages.whats_app', problems);
  problems.throwIfAny();
  assert.ok(parsed);
  return renderWhatsApp(parsed, facts);
}

const at = (path: string) => `messages.whats_app.message.${path}`;
const buttons = (...texts: string[]) => texts.map((text) => ({ text }));
const rows = (count: number, more: object = {}) =>
  Array.from({ length: count }, (_, n) => ({ row_title: `Row ${n}`, ...more }));
const list = (...list_rows: object[][]) => ({
  body: 'Choose',
  list: { list_button_text: 'Open', list_sections: list_rows.map((some) => ({ section_title: 'S', list_rows: some })) },
});
const card = (...texts: string[]) => ({ media_uri: 'https://a.test/1.png', media_type: 'image', buttons: texts });
const carousel = (...cards: object[]) => ({ body: 'Look', carousel_button_type: 'quick_reply', cards });

const refused: [what: string, kind: MessageKind, message: object, problem: string][] = [
  [
    'a button of 21 characters',
    'quick_reply_response_message',
    { body: 'b', buttons: buttons('x'.repeat(21)) },
    `${at('buttons[0].text')}: expected at most 20 characters`,
  ],
  [
    'two equal buttons',
    'quick_reply_response_message',
    { body: 'b', buttons: buttons('Yes', 'No', 'Yes') },
    `${at('buttons')}: expected different titles`,
  ],
  [
    'a list with 11 rows',
    'list_response_message',
    list(rows(6), rows(5)),
    `${at('list.list_sections')}: expected at most 10 rows in all, got 11`,
  ],
  [
    'a row of 25 characters',
    'list_response_message',
    list(rows(1, { row_title: 'x'.repeat(25) })),
    `${at('list.list_sections[0].list_rows[0].row_title')}: expected at most 24 characters`,
  ],
  [
    'a description of 73 characters',
    'list_response_message',
    list(rows(1, { row_description: 'x'.repeat(73) })),
    `${at('list.list_sections[0].list_rows[0].row_description')}: expected at most 72 characters`,
  ],
  [
    'a card with two equal buttons',
    'carousel_response_message',
    carousel(card('Yes', 'Yes'), card('Yes', 'No')),
    `${at('cards[0].buttons')}: expected different titles`,
  ],
];
for (const [what, kind, message, problem] of refused)
  test(`${what} is refused at once`, () => assert.deepEqual(problemsOf(kind, message), [problem]));

test('the same title on two cards, and templates that may turn out equal, are not refused', () => {
  assert.deepEqual(problemsOf('carousel_response_message', carousel(card('Yes', 'No'), card('Yes', 'No'))), []);
  const messages = { body: 'b', buttons: buttons('{{a}}', '{{a}}') };
  assert.deepEqual(problemsOf('quick_reply_response_message', messages), []);
});

const template = (more: object) => ({ template_name: 'order', template_language_code: 'en_US', ...more });
const parametersOf = (variables: string[]) => {
  const { template: rendered } = render('template_message', template({ body_variables: variables })) as {
    template: { components: { parameters: { text: string }[] }[] };
  };
  return rendered.components[0]?.parameters.map(({ text }) => text);
};

test('line breaks, tabs and five spaces in a variable become one space', () => {
  const given = [
    'line1\nline2',
    'a \t b',
    'a\r\n\r\nb',
    'a     b',
    'a    b',
    'a\u2028b',
    'no\u00a0break',
    'bell\u0007',
  ];
  const expected = ['line1 line2', 'a b', 'a b', 'a b', 'a    b', 'a b', 'no\u00a0break', 'bell'];
  assert.deepEqual(parametersOf(given), expected);
});

for (const value of ['', ' \n ', '\u0000'])
  test(`the variable ${JSON.stringify(value)} stops the message before the call`, () => {
    assert.throws(
      () => parametersOf(['good', value]),
      (error) =>
        error instanceof RenderStop &&
        error.reason === 'aborted' &&
        /body_variables\.1 is blank/.test(String(error.detail)),
    );
  });

test('a URL button keeps its index, whatever stands before it', () => {
  const { template: rendered } = render('template_message', template({ button_variables: { '1': 'suffix' } })) as {
    template: { components: object[] };
  };
  assert.deepEqual(rendered.components, [
    { type: 'button', sub_type: 'url', index: '1', parameters: [{ type: 'text', text: 'suffix' }] },
  ]);
});

const stopped: [what: string, kind: MessageKind, message: object, detail: RegExp][] = [
  [
    'buttons that are equal once rendered',
    'quick_reply_response_message',
    { body: 'b', buttons: buttons('Yes\u0007', 'Yes') },
    /buttons: expected different titles/,
  ],
  ['a picture whose URL is none', 'text_image_response_message', { image_uri: '{{x}}' }, /image_uri: expected an http/],
];
for (const [what, kind, message, detail] of stopped)
  test(`${what}: nobody is called`, () => {
    assert.throws(
      () => render(kind, message),
      (error) => error instanceof RenderStop && detail.test(String(error.detail)),
    );
  });

test('a text keeps its line breaks and loses other control characters', () => {
  const { text } = render('text_response_message', { body: 'Hi\n\tAda\u0000\u001b!' }) as { text: { body: string } };
  assert.equal(text.body, 'Hi\nAda!');
});

test('a flow whose first screen the account knows is told it', () => {
  const message = { body: 'b', flow_button: { caption: 'Go', flow_id: '7' } };
  const parametersWith = (flow_screens: { flow_id: string; screen: string }[]) => {
    const settings = { phone_number_id: '1', access_token: 't', flow_screens };
    const raw = { app_id: 'a', subscription_group_id: 'g', message_type: 'flow_response_message', message };
    const parsed = parseWhatsApp(raw, 'm', new Problems());
    assert.ok(parsed);
    const rendered = renderWhatsApp(parsed, { ...facts, provider: { kind: 'whatsapp_cloud', settings } });
    return (rendered.interactive as { action: { parameters: Record<string, unknown> } }).action.parameters;
  };
  const { flow_action, flow_action_payload } = parametersWith([{ flow_id: '7', screen: 'WELCOME' }]);
  assert.deepEqual([flow_action, flow_action_payload], ['navigate', { screen: 'WELCOME' }]);
  assert.equal(parametersWith([{ flow_id: '8', screen: 'WELCOME' }]).flow_action, undefined);
});
