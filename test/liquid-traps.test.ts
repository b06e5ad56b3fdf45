// Values of templates where engines differ, as they come out of a message: braces, numbers, texts, dates, loops, aborts.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestApp, type TestApp } from './support/app.ts';
import { bodiesOf, sendBodies } from './support/content-server.ts';
import { sendList } from './support/lists.ts';

const webhook = { url: 'https://example.com/', request_method: 'POST' };

const outputs: [trap: string, template: string, output: string][] = [
  [
    'decimals',
    "{{ 19.99 | times: 100 }},{{ 0.1 | plus: 0.2 }},{{ '1.10' | times: 3 }},{{ 1.0 }}",
    '1999.0,0.3,3.3,1.0',
  ],
  [
    'whole numbers',
    "{{ 10 | divided_by: 4 }},{{ -7 | divided_by: 2 }},{{ '5' | divided_by: '2' }},{{ 6 | divided_by: 2.0 }}",
    '2,-4,2,3.0',
  ],
  ['blank', "{% if nope == blank %}B{% else %}N{% endif %}{% if '  ' == blank %}B{% else %}N{% endif %}", 'BB'],
  [
    'a price before braces, braces in braces, a name with a blank',
    '{% assign b = {{custom_attribute.${a}}} %}${{custom_attribute.${a} | plus: {{b}}}} {{custom_attribute.${zip code}}}',
    '$40 8010',
  ],
  [
    'a zone before its date, kept by assign',
    "{% assign t = '2027-07-14T22:30:00Z' | time_zone: 'Europe/Vienna' %}{{ t | date: '%A %d %H:%M' }}",
    'Thursday 15 00:30',
  ],
  [
    "the person's zone, in two spellings",
    "{{ '2027-07-14T22:30:00Z' | time_zone: ${time_zone} | date: '%A %d %H:%M' }},{{ '2027-07-14T22:30:00Z' | time_zone: {{${time_zone}}} | date: '%A %d %H:%M' }}",
    'Thursday 15 00:30,Thursday 15 00:30',
  ],
  [
    'entities, marks in URLs, characters',
    `{{ 'A "b" & c' | escape }} {{ "O'Neil (VIP)!*" | url_encode }} {{ '👍🏽a' | size }} {{ 'ñ😀' | split: '' | join: '-' }} {{ ' a  b ' | split: ' ' | size }}`,
    'A &quot;b&quot; &amp; c O%27Neil+%28VIP%29%21%2A 3 ñ-😀 2',
  ],
  [
    'dates keep their offset',
    "{{ '2027-03-28T09:00:00-04:00' | date: '%H:%M %z' }}|{{ '31/12/2027' | date: '%F' }}|{{ '2027-01-01' | date: '%G-W%V %D' }}",
    '09:00 -0400|2027-12-31|2026-W53 01/01/27',
  ],
  ['a block that says nothing', '[{% if true %}  {% assign x = 1 %}  {% endif %}]', '[]'],
  [
    'texts that begin with a number',
    "{{ '3 apples' | plus: 2 }},{{ '1,234.50' | plus: 0 }},{{ '1e3' | plus: 1 }},{{ '9007199254740993' | plus: 0 }}",
    '5,1,2,9007199254740993',
  ],
  [
    'hashes',
    `{% assign h = '{"k":null,"m":2}' | json_parse %}{% assign a = '[{"x":1,"y":1},{"x":1,"y":2}]' | json_parse %}{% if h contains 'k' %}Y{% else %}N{% endif %},{{ h.first }},{{ a | uniq: 'x' | size }},{{ a }}`,
    'Y,k,1,{"x"=>1, "y"=>1}{"x"=>1, "y"=>2}',
  ],
  [
    'loops',
    "{% assign a = '[1,2,3,4]' | json_parse %}{% for i in a limit:2 reversed %}{{ i }}{% endfor %},{% assign p='1' %}{% cycle p, '2' %}{% assign p='3' %}{% cycle p, '2' %},{% tablerow i in a limit:1 %}{{ i }}{% endtablerow %}",
    '12,13,<tr class="row1">\n<td class="col1">1</td></tr>\n',
  ],
  ['a backslash in a text', '{{ "x\\ty" }}', 'x\\ty'],
  ['tags in a quoted text', "{% assign x = 'Hi {{${first_name}}}' %}{{x}}", 'Hi {{${first_name}}}'],
  ['slice of a list', "{% assign a = '[1,2,3,4]' | json_parse %}{{ a | slice: 1, 2 | join: '-' }}", '2-3'],
  [
    'capitalize and money',
    "{{ 'hELLO wORLD' | capitalize }} {{ '1234.5' | plus: 0 | money }} {{ '1234.5' | money }}",
    'Hello world 1234.50 1234.50',
  ],
  ['an assign of several lines', '{% assign\n x = ${first_name}\n %}{{x}}', 'Ada'],
  // Aborts: nothing is sent, whatever stands in front.
  ['an abort with nothing', 'Hi{% abort_message() %}', 'aborted aborted: {% abort_message %} called'],
  ['an abort with a blank', 'Hi{% abort_message () %}', 'aborted aborted: {% abort_message %} called'],
  ['an abort with a reason', 'Hi{% abort_message("no stock") %}', 'aborted aborted: no stock'],
  // Where Ruby prints an error into the message, nothing is sent.
  [
    'a division by 0',
    'a{{ 10 | modulo: 0 }}',
    'aborted render_error: messages.webhook.body: divided by 0, line 1, column 2',
  ],
  ['a comparison of a text with a number is false', "a{% if '10' > 9 %}Y{% endif %}", 'a'],
  // What is a mistake of the author for everybody is told at the request.
  [
    'an unknown filter',
    "{{ 'x' | nope }}",
    '400 messages.webhook.body: not a valid template: unknown filter nope, line 1',
  ],
  [
    'a filter in a condition',
    "{% if 'a' | upcase == 'A' %}Y{% endif %}",
    '400 messages.webhook.body: not a valid template: filters are not supported in conditions, cases and loops, line 1',
  ],
  ['three braces', '{{{${first_name}}}}', '400 messages.webhook.body: not a valid template: three braces, line 1'],
];

async function startWorld(t: Parameters<typeof startTestApp>[0]): Promise<TestApp> {
  const app = await startTestApp(t);
  const ada = { external_id: 'ada', first_name: 'Ada', time_zone: 'Europe/Vienna', a: 20, 'zip code': 8010 };
  await app.post('/users/track', { attributes: [ada] });
  return app;
}

test('templates give the values of the documented dialect, not those of another engine', async (t) => {
  const app = await startWorld(t);
  const sent = await sendBodies(
    app,
    ['ada'],
    outputs.map(([, template]) => template),
  );
  for (const [index, [trap, template, output]] of outputs.entries())
    assert.equal(sent[index]?.ada, output, `${trap}: ${template}`);
});

test('a property that came as 100.0 is the number 100, and decimals are exact', async (t) => {
  const app = await startWorld(t);
  const body =
    '{{api_trigger_properties.${p}}},{{api_trigger_properties.${p} | money}},{{api_trigger_properties.${q} | times: 3}}';
  const { status, body: answer } = await sendList(app, [
    `${JSON.stringify({ messages: { webhook: { ...webhook, body } } })}\n`,
    '{"external_user_id":"ada","trigger_properties":{"p":100.0,"q":0.1}}',
  ]);
  assert.equal(status, 201, JSON.stringify(answer));
  await app.drain();
  assert.deepEqual(await bodiesOf(app, answer.dispatch_id), { ada: '100,100.00,0.3' });
});
