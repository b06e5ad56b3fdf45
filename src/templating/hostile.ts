// For tests: templates that would end the memory or the time of a server.
import { MAX_LOOP_TURNS } from './liquid/budget.ts';
import { sampleContext } from './sample-context.ts';

/** `s` is a text that was doubled so many times. */
export const doubled = (times: number, of = 'a') =>
  `{% assign s = '${of}' %}${'{% assign s = s | append: s %}'.repeat(times)}`;
const captures = Array.from(
  { length: 12 },
  (_, index) => `{% capture d${index} %}{{c}}x{% endcapture %}{% if d${index} contains 'y' %}{% endif %}`,
).join('');
export const turns = (body: string) => `{% for i in (1..9999) %}${body}{% endfor %}`;
const [text, list, records] = ['text', 'list', 'records'].map((name) => `custom_attribute.\${${name}}`);

/** Templates that want too much, with what each of them runs into: null where it ends well. */
export const hostile: [template: string, detail: RegExp | null][] = [
  [
    `{% capture c %}ā{% endcapture %}${'{% capture c %}{{c}}{{c}}{% endcapture %}'.repeat(24)}${captures}`,
    /more than 1000000 characters/,
  ],
  [`${doubled(18)}${'{% capture d %}{{s}}{{s}}{% endcapture %}'.repeat(3_000)}`, /bytes|processor time/],
  [`${doubled(30)}{{s}}`, /characters/],
  [`${doubled(19)}{% assign t = s | append: '' %}`, /characters of assigned text/],
  [`${doubled(15)}{{ s | replace: 'a', s }}`, /bytes/],
  [`${doubled(15)}{{ s | replace: 'a', '\\\`' }}`, /bytes/],
  [`${doubled(19)}${'{% assign x = s | split: "" | join %}'.repeat(100)}`, /./],
  [`${doubled(19, '&')}{{ s | escape | size }}`, /characters/],
  [`${doubled(18)}${'{% assign t = s | url_escape %}'.repeat(2_000)}`, /bytes|processor time/],
  [
    `${doubled(18)}{% assign n = 'b' | append: s %}${'{% if s contains n %}{% endif %}'.repeat(3_000)}`,
    /bytes|processor time|^$/,
  ],
  [`${doubled(17, '1')}{{ s | number_with_delimiter | size }}`, null],
  [`${doubled(17, '1')}{{ s | plus: 1 }}`, /digits/],
  [`{% assign n = 3 %}${turns('{% assign n = n | times: n %}')}`, /digits/],
  [
    `{% assign n = '${'9'.repeat(9_000)}' | plus: 0 %}${turns('{% assign m = n | divided_by: 7 %}')}`,
    /bytes|processor time/,
  ],
  [turns(`{% assign x = ${list} | sort %}`), /bytes|processor time/],
  [turns(`{% assign x = ${records} | sort_natural: 'name' %}`), /bytes|processor time/],
  [turns(`{% assign x = ${list} | uniq | reverse | join: ',' %}`), /bytes|processor time/],
  [turns(`{% assign x = ${records} | where: 'n', 3 | map: 'name' %}`), /bytes|processor time/],
  [turns(`{% assign x = ${records} | as_json_string | json_parse %}`), /bytes|processor time/],
  [turns(`{% if ${records} == ${records} %}{% endif %}`), /processor time/],
  [turns(`{% cycle ${text}: 1, 2 %}`), /bytes|processor time/],
  [turns(`{% assign x = ${text} | sha2 %}`), /bytes|processor time/],
  [turns(`{% assign x = ${text} | truncatewords: 2 %}`), /bytes|processor time/],
  [turns("{{ 'now' | time_zone: 'Europe/Vienna' | date: '%c %Z' }}"), /processor time/],
  [turns("{{ 'Fri, 16 Jul 2027 10:11:12 EST' | date: '%c' }}"), /processor time|^$/],
  [`{{ 'now' | date: '%99999999999Y' }}`, /characters/],
  [`{{ (1..100000000) | join }}`, /bytes/],
  ['{{ (1..100000000) | size }}{% for i in (1..100000000) limit:3 %}{{ i }}{% endfor %}', null],
  [
    '{% for i in (1..5000) %}{% for j in (1..5000) %}{% endfor %}{% endfor %}',
    new RegExp(`${MAX_LOOP_TURNS} loop turns`),
  ],
  [turns('{{a}}{{a}}{{a}}{{a}}'.repeat(2_000)), /processor time/],
  [`{% assign a = 'x' %}${turns(`{{ a${'.size'.repeat(5_000)} }}`)}`, /processor time/],
  [`{{ custom_attribute.\${deep} }}`, /nested too deeply/],
  [`{% assign d = custom_attribute.\${deep} %}{% if d == d %}{% endif %}`, /nested too deeply/],
  [`{% assign j = '${'['.repeat(200)}' %}{{ j | json_parse }}`, /nested more than 100 deep/],
];

/** A person with much in their attributes. */
export const context = sampleContext({
  text: 'x'.repeat(90_000),
  list: Array.from({ length: 20_000 }, (_, index) => index % 7),
  records: Array.from({ length: 3_000 }, (_, index) => ({ n: index % 10, name: `n${index}` })),
  deep: JSON.parse('['.repeat(5_000) + ']'.repeat(5_000)),
});
