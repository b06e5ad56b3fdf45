// What is not of Shopify's Liquid: personal references, outputs in outputs, the filters and tags of the original.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Problems } from '../lib/raw/problems.ts';
import { RenderStop } from './render-stop.ts';
import { sampleContext } from './sample-context.ts';
import { compileTemplate, TemplateSyntaxError } from './template.ts';
import { compileTree } from './tree.ts';

const custom = {
  a: 20,
  b: 3,
  price: 100.5,
  'zip code': '8010',
  "it's": 'quoted',
  'a|b': 'bar',
  text: '3',
  cart_items: [{ name: 'Shoe', tags: ['x', 'y'] }, { name: 'Hat' }],
  song: { artist: 'Björk', 0: 'own' },
  pet: { name: 'Rex' },
  'pet.age': 4,
  list: ['p', 'q'],
};
const context = sampleContext(custom);
const render = (source: string, other = context) => compileTemplate(source).render(other);

const outputs: [template: string, output: string][] = [
  // Braces
  [
    '{% assign b = {{custom_attribute.${a}}} %}${{custom_attribute.${a} | plus: {{b}}}} {{custom_attribute.${zip code}}}',
    '$40 8010',
  ],
  ['{{custom_attribute.${a} | plus: {{custom_attribute.${b}}}}}', '23'],
  ['{{custom_attribute.${a} | plus: {{custom_attribute.${b} | times: 2}}}}', '26'],
  ['{{ {{ {{custom_attribute.${a}}} | plus: 1 }} | plus: 1 }}', '22'],
  ['{% if {{custom_attribute.${a} | plus: 1}} == 21 %}yes{% endif %}', 'yes'],
  ['{% if false %}{% elsif {{custom_attribute.${a} | plus: 1}} == 21 %}yes{% endif %}', 'yes'],
  ['{% case {{custom_attribute.${text} | plus: 0}} %}{% when {{custom_attribute.${b}}} %}yes{% endcase %}', 'yes'],
  ["{% if {{${language}}}=='en' and ${language} =='en' %}yes{% endif %}", 'yes'],
  ['{% for i in (1..{{custom_attribute.${b}}}) %}{{i}}{% endfor %}', '123'],
  ['{% for i in {{custom_attribute.${list} | reverse}} limit:1 %}{{i}}{% endfor %}', 'q'],
  ['{% assign k = "name" %}{{custom_attribute.${pet}[k]}}', 'Rex'],
  ["{% assign x = 'Hi {{${first_name}}}' %}{{x}}", 'Hi {{${first_name}}}'],
  ["{{ '{{${first_name}}}' | append: '!' }}", '{{${first_name}}}!'],
  ["{{custom_attribute.${it's}}} {{custom_attribute.${a|b}}}", 'quoted bar'],
  ["it's {{${first_name}}}'s, don't {{ ${first_name} }}", "it's Ada's, don't Ada"],
  ['{"a":"{{${first_name}}}","b":{"c":{{custom_attribute.${a}}}}}', '{"a":"Ada","b":{"c":20}}'],
  ['{%- if ${first_name} -%} x {%- endif -%} {{- ${first_name} -}} y', 'xAday'],
  ['{% liquid\nassign x = ${first_name} | upcase\necho x\n%}', 'ADA'],
  ['{% comment %}{{${first_name}{% endcomment %}{% raw %}{{${first_name}}}{% endraw %}', '{{${first_name}}}'],
  // Paths
  [
    '{{custom_attribute.${cart_items[0].name}}},{{custom_attribute.${cart_items[1].name}}},{{custom_attribute.${cart_items[-1].name}}}',
    'Shoe,Hat,Hat',
  ],
  [
    '{{custom_attribute.${cart_items[0].tags[1]}}},{{custom_attribute.${cart_items[9].name}}},{{custom_attribute.${cart_items.name}}}',
    'y,,',
  ],
  ['{% if {{custom_attribute.${cart_items[0]}}} %}full{% endif %}', 'full'],
  ['{{custom_attribute.${cart_items[0]}}}', '{"name"=>"Shoe", "tags"=>["x", "y"]}'],
  [
    '{{custom_attribute.${song}[0].artist}},{{custom_attribute.${pet}[0].name}},{{custom_attribute.${list}[0]}}',
    'Björk,Rex,p',
  ],
  ['{{custom_attribute.${pet.name}}},{{custom_attribute.${pet.age}}}', 'Rex,4'],
  // Values
  ['{{custom_attribute.${price}}},{{custom_attribute.${price} | times: 2}}', '100.5,201.0'],
  ['{% if nope == blank %}B{% endif %}{% if "  " == blank %}B{% endif %}', 'BB'],
  ['[{{card.${name}}}{{context.${x}}}{{event_properties.${x}}}{{app.${x}}}]', '[]'],
  // Filters
  [
    "{{ 1234567.891 | number_with_delimiter }} {{ '-1234' | number_with_delimiter }} {{ 'abc' | number_with_delimiter }}",
    '1,234,567.891 -1,234 abc',
  ],
  [
    "{{ 17.805 | money }} {{ -0.005 | money }} {{ '3' | money }} {{ 1e3 | money }}{{ nil | money }}",
    '17.81 -0.01 3.00 ',
  ],
  [
    "{{ 'a/b c?ü😀' | url_escape }} {{ 'a/b c?ü😀' | url_param_escape }}",
    'a/b%20c?%C3%BC%F0%9F%98%80 a%2Fb%20c%3F%C3%BC%F0%9F%98%80',
  ],
  [
    '{% assign j = \'{"a":1.0,"b":[1e2,12345678901234567890,-0]}\' | json_parse %}{{ j | as_json_string }}',
    '{"a":1.0,"b":[100.0,12345678901234567890,0]}',
  ],
  [
    '{% assign h = \'{"a":{"b":[true,null,"x\\ny"]}}\' | json_parse %}{{ h | property_accessor: \'a\' | as_json_string }}{{ h.a.b[2] | json_escape }}',
    '{"b":[true,null,"x\\ny"]}x\\ny',
  ],
  ["{{ nil | as_json_string }}{{ 2.0 | as_json_string }}{{ 'é\"' | as_json_string }}", 'null2.0"é\\""'],
  ["{{ 'a' | property_accessor: 'size' }}{{ custom_attribute.${pet} | property_accessor: 'constructor' }}", ''],
  // Zones
  [
    "{% assign t = '2027-07-14T22:30:00Z' | time_zone: 'Europe/Vienna' %}{{ t | date: '%A %d %H:%M %z %Z' }}",
    'Thursday 15 00:30 +0200 CEST',
  ],
  [
    "{% assign t = '2027-07-14T22:30:00Z' | time_zone: ${time_zone} %}{{ t | date: '%H:%M' }}{{ t }}",
    '00:302027-07-15 00:30:00 +0200',
  ],
  ["{{ '2027-07-14T22:30:00Z' | time_zone: {{${time_zone}}} | date: '%H:%M' }}", '00:30'],
  [
    "{{ '2027-01-14 12:00' | time_zone: 'Eastern Time (US & Canada)' | date: '%H:%M %Z' }} {{ 0 | time_zone: 'Mars/Base' | date: '%c %Z' }}",
    '07:00 EST Thu Jan  1 00:00:00 1970 UTC',
  ],
  [
    "{{ '2027-07-14T22:30:00Z' | time_zone: 'Asia/Kathmandu' | date: '%R %Z' }} {{ 'no time' | time_zone: 'Asia/Tokyo' }}",
    '04:15 +0545 no time',
  ],
  // Tags
  ['{% message_extras :key k :value {{${first_name}}} %}a', 'a'],
];

test('templates in the dialect give what they should', () => {
  for (const [template, output] of outputs) assert.equal(render(template), output, template);
});

const refused: [template: string, reason: RegExp][] = [
  ['{{{${first_name}}}}', /three braces, line 1/],
  [`${'{{ '.repeat(8_000)}a${' }}'.repeat(8_000)}`, /braces nested more than 100 deep, line 1/],
  [`${'{{'.repeat(8_000)}a${'}}'.repeat(8_000)}`, /three braces, line 1/],
  [`{% if ${'{{ '.repeat(8_000)}a${' }}'.repeat(8_000)} %}{% endif %}`, /braces nested more than 100 deep, line 1/],
  [`${'{% if a %}'.repeat(8_000)}${'{% endif %}'.repeat(8_000)}`, /nested more than 100 deep, line 1/],
  [`{{ ${'a['.repeat(8_000)}b${']'.repeat(8_000)} }}`, /nested more than 100 deep, line 1/],
  [`{{ ${'('.repeat(8_000)}1..2${')'.repeat(8_000)} }}`, /nested more than 100 deep, line 1/],
  [`{{ ${'9'.repeat(20_000)} }}`, /more than 10000 digits, line 1/],
  ['{{a}}'.repeat(200_002), /more than 200000 tags, line 1/],
  ['a\n\n{{ ${first_name }}', /a brace too few at the end of an output, line 3/],
  ['a\n{{ ${first_name', /\$\{ is not closed, line 2/],
  ['{{ {{a} }}', /a brace too few/],
  ['{{ {{a }}', /output is not closed/],
  ['{% if {{a %}{% endif %}', /\{\{ is not closed/],
  ['{% if a', /tag is not closed/],
  ['\n{{ 1 | plus }}', /filter plus: expected 1 arguments, got 0, line 2/],
  ['{{ 1 | round: 1, 2 }}', /expected 0 to 1 arguments, got 2/],
  ['{% for x in y | sort %}{% endfor %}', /filters are not supported/],
  ['{% if (1 == 1) and 2 %}{% endif %}', /parentheses/],
  ['{% if a = 1 %}{% endif %}', /unknown operator =/],
  ['{{ \ufdd00\ufdd0 }}', /U\+FDD0/],
  ['{% abort_message(x) %}', /abort_message takes one text in quotes/],
  ['\n{{content_blocks.${no name}}}', /unknown content block, line 2/],
];

test('what cannot be read is refused, with its line', () => {
  for (const [template, reason] of refused)
    assert.throws(
      () => compileTemplate(template),
      (error) => error instanceof TemplateSyntaxError && reason.test(error.message),
      `${template.slice(0, 60)} ${String(reason)}`,
    );
});

const failing: [template: string, detail: string][] = [
  ["{{ 'abc' | money }}", 'money: expected a number'],
  ["{{ '{' | json_parse }}", 'json_parse: not JSON'],
  ['{{ 5 | divided_by: 0 }}', 'divided by 0'],
  ["{{ 'a' | slice: 'b' }}", 'invalid integer'],
  ["{{ 'now' | date: '%' }}", 'date: the format ends within a directive'],
];

test('a bad argument is render_error, and the detail holds nothing of the message', () => {
  for (const [template, detail] of failing)
    assert.throws(() => render(template), new RenderStop('render_error', `${detail}, line 1, column 1`), template);
});

test('abort_message ends everything, wherever it stands', () => {
  for (const template of [
    'Hi{% abort_message() %}',
    '{% for i in (1..3) %}{% capture x %}{% abort_message () %}{% endcapture %}{% endfor %}',
  ])
    assert.throws(() => render(template), new RenderStop('aborted', '{% abort_message %} called'), template);
  assert.throws(() => render('{% abort_message("no stock") %}'), new RenderStop('aborted', 'no stock'));
});

test('an error in the message of one person touches nobody else', () => {
  const template = compileTemplate(
    '{% capture c %}{{custom_attribute.${n}}}{% increment i %}{% for x in (1..2) %}{{ 10 | divided_by: custom_attribute.${n} }}{% endfor %}{% endcapture %}{{ c }}',
  );
  for (const n of [5, 0, 2, 'x', 10, null]) {
    const once = () => template.render(sampleContext({ n }));
    if (typeof n === 'number' && n > 0) assert.equal(once(), `${n}0${10 / n}${10 / n}`);
    else assert.throws(once, new RenderStop('render_error', 'divided by 0, line 1, column 79'));
  }
});

test('cards and links are there for their channels only', () => {
  const template = '{{card.${name}}} {{card.${api_id}}} {{${set_user_to_one_click_list_unsubscribe}}}';
  const links = { unsubscribe: 'https://c.test/u', subscribe: 'https://c.test/s', optIn: 'https://c.test/o' };
  assert.equal(render(template), '  ');
  assert.equal(
    render(template, sampleContext({}, { card: { id: 'v1', name: 'Spring' }, links })),
    'Spring v1 https://c.test/u',
  );
});

test('comments of an HTML member are gone before Liquid runs; conditional ones are not read', () => {
  const problems = new Problems();
  const message = {
    body: '<!-- {% abort_message() %} -->sent<!--[if mso]>{{${first_name}}}<![endif]--><!--[if !mso]><!-->{{${first_name}}}<!--<![endif]-->',
    plaintext_body: '<!-- {{${first_name}}} -->',
    extras: { body: '<!-- {{${first_name}}} -->' },
  };
  const tree = compileTree(message, { path: 'email', never: new Set(), html: new Set(['body']), problems });
  problems.throwIfAny();
  assert.deepEqual(tree.render(context), {
    body: 'sent<!--[if mso]>{{${first_name}}}<![endif]--><!--[if !mso]><!-->Ada<!--<![endif]-->',
    plaintext_body: '<!-- Ada -->',
    extras: { body: '<!-- Ada -->' },
  });
});
