// Reading and rendering take time that grows with the input, not with its square: every parser, filter and pattern.
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertLinear } from '../../test/support/linear.ts';
import { dialectFilters } from './filters/index.ts';
import { sampleContext } from './sample-context.ts';
import { compileTemplate, TemplateSyntaxError } from './template.ts';

const repeat = (text: string) => (n: number) => text.repeat(n);
const within = (open: string, text: string, close: string) => (n: number) => open + text.repeat(n) + close;
const output = (text: string) => within('{{ ', text, ' }}');
const tag = (text: string, close = '') => within('{% ', text, ` %}${close}`);
const condition = (text: string) => within('{% if ', text, ' %}{% endif %}');

/** Sizes are numbers of repetitions. Most of these are refused, which must be as quick. */
const templates: [name: string, make: (n: number) => string][] = [
  ['outputs', repeat('{{a}}')],
  ['outputs with filters', repeat('{{ a | append: b }} x ')],
  ['a long name before a reference', (n) => `{{ ${'a'.repeat(8 * n)} \${x} }}`],
  ['a long path before a reference', (n) => `{{ ${'a.'.repeat(n)}\${x} }}`],
  ['references', repeat('{{${x}}}')],
  [
    'different references',
    (n) => Array.from({ length: n }, (_, index) => `{{custom_attribute.\${a${index}}}}`).join(''),
  ],
  ['references in one output', output('a.${x} ')],
  ['names one behind the other', output('${x}')],
  ['filters', output('a | append: b ')],
  ['arguments', output('a | append: b, ')],
  ['filters that break the grammar', (n) => `{{ = a ${'| append: b '.repeat(n)} }}`],
  ['arguments that break the grammar', (n) => `{{ = a | append: ${'b: c, '.repeat(n)} }}`],
  ['and', condition('a and ')],
  ['or', condition('a||')],
  ['words without comparisons', condition('a ')],
  ['blanks', condition('        ')],
  ['ids of catalogs', (n) => '{% catalog_items c 1 2 {{ a }} %}'.repeat(n)],
  ['too many ids of catalogs', tag('catalog_items a ')],
  ['words of catalogs', tag('catalog_items {{ a }}')],
  ['braces of catalogs', tag('catalog_items {{ ')],
  ['quotes of catalogs', tag(`catalog_items '" `)],
  ['values of when', (n) => `{% case a %}{% when 1${', 1'.repeat(n)} %}{% endcase %}`],
  ['whens', (n) => `{% case a %}${'{% when 1 %}b'.repeat(n)}{% endcase %}`],
  ['elsifs', (n) => `{% if a %}${'{% elsif b %}c'.repeat(n)}{% endif %}`],
  ['blocks', repeat('{%- if a -%}  {%- endif -%}')],
  ['cycle', tag('cycle a, ')],
  ['colons of cycle', (n) => `{% cycle a${':'.repeat(n)} %}`],
  ['attributes', (n) => `{% for a in b ${'c:d '.repeat(n)} %}{% endfor %}`],
  ['words in for', (n) => `{% for a in b ${'c '.repeat(n)} %}{% endfor %}`],
  ['colons in for', (n) => `{% for a in b ${': '.repeat(n)} %}{% endfor %}`],
  ['in in for', tag('for in ', '{% endfor %}')],
  ['in in tablerow', tag('tablerow in ', '{% endtablerow %}')],
  ['ranges', (n) => `{% for i in (${'1..'.repeat(n)}2) %}{% endfor %}`],
  ['parentheses', (n) => `{% for i in ${'('.repeat(n)} %}{% endfor %}`],
  ['brackets', (n) => `{{ a${'['.repeat(n)} }}`],
  ['closed brackets', (n) => `{{ a${'[b]'.repeat(n)} }}`],
  ['brackets in conditions', (n) => `{% if a${'['.repeat(n)} %}{% endif %}`],
  ['points', (n) => `{{ a${'.b'.repeat(n)} }}`],
  ['quotes of both kinds', output(`'"`)],
  ['quotes of both kinds in conditions', condition(`'" `)],
  ['quotes that are not closed', repeat("{{ don't }}")],
  ['quotes of another kind', repeat(`{{ "a' }}`)],
  ['texts in quotes', output("'a' ")],
  ['names that are not closed', output('${')],
  ['texts that are not closed', repeat("{{ '")],
  ['inner outputs', output('{{a}} ')],
  ['inner outputs with filters', output('{{a | upcase}} ')],
  ['inner outputs in conditions', (n) => `{% if ${'{{a | upcase}} and '.repeat(n)} a %}{% endif %}`],
  ['openings', repeat('{{ ')],
  ['openings of tags', repeat('{%')],
  ['braces', repeat('{ {')],
  ['blanks in tags', repeat(`{%${' '.repeat(50)}`)],
  ['raw', repeat('{% raw %}a{% endraw %}')],
  ['raw that is not closed', within('{% raw %}', '{{ {% endraw ', '')],
  ['comments', repeat('{% comment %}x{% endcomment %}')],
  ['comments in comments', (n) => '{% comment %}'.repeat(n) + '{% endcomment %}'.repeat(n)],
  ['raw in a comment', within('{% comment %}', '{% raw %}', '')],
  ['names of assign', tag('assign a ')],
  ['equals of assign', (n) => `{% assign a ${'= '.repeat(n)} %}`],
  ['parentheses of assign', (n) => `{% assign ${'('.repeat(n)}a = 1 %}`],
  ['capture', (n) => `{% capture ${'?'.repeat(n)}a %}{% endcapture %}`],
  ['lines', within('{% liquid\n', 'assign a = b\n', ' %}')],
  ['remarks', within('{% # ', '\n ', ' %}')],
  ['lines before an error', (n) => `${'{{a}}\n'.repeat(n)}{% if %}`],
  ['digits', (n) => `{{ ${'1'.repeat(n)}.5 }}`],
  ['numbers with points', output('1.')],
  ['trimmed blanks', repeat('  {{- a -}}  ')],
  ['comments of HTML', repeat('<!-- {{a}} -->')],
  [
    'content blocks, each on a line',
    (n) => Array.from({ length: n / 30 }, (_, index) => `\n{{content_blocks.\${b${index}}}}`).join(''),
  ],
  ['blanks of abort_message', within('{% abort_message(', ' ', 'x) %}')],
];

test('every template is read in linear time', () => {
  for (const [name, make] of templates)
    assertLinear(name, 3_000, (n) => {
      const template = make(n);
      return () => readOnce(template);
    });
});

let seen = 0;

/** A template is read once only, so that it is another one each time. */
function readOnce(template: string): void {
  seen += 1;
  try {
    compileTemplate(`${template}<${seen}>`);
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
  }
}

const digits = (n: number) => '1'.repeat(n);
const words = (n: number) => 'a b '.repeat(n / 4);
const markup = (n: number) => '<b>&amp;\n"'.repeat(n / 10);
const numbers = (n: number) => Array.from({ length: n / 20 }, (_, index) => (index * 7919) % 1_000);
const records = (n: number) => Array.from({ length: n / 40 }, (_, index) => ({ k: `n${(index * 7919) % 1_000}` }));

type Input = (n: number) => unknown;

/** The arguments of each filter, and inputs for which it has the most to do. */
const filters: Readonly<Record<string, { args?: string; inputs: Input[] }>> = {
  append: { args: 'v', inputs: [words] },
  prepend: { args: 'v', inputs: [words] },
  capitalize: { inputs: [words] },
  downcase: { inputs: [words, (n) => 'Σ'.repeat(n)] },
  upcase: { inputs: [words, (n) => 'ß'.repeat(n)] },
  strip: { inputs: [(n) => ' '.repeat(n)] },
  lstrip: { inputs: [(n) => ' '.repeat(n)] },
  rstrip: { inputs: [(n) => ' '.repeat(n)] },
  strip_newlines: { inputs: [(n) => '\r'.repeat(n), (n) => '\n'.repeat(n)] },
  newline_to_br: { inputs: [(n) => 'a\r\n'.repeat(n / 12), (n) => '\r'.repeat(n)] },
  slice: { args: '-2, 2', inputs: [words, (n) => '😀'.repeat(n / 2), numbers] },
  split: { args: "' '", inputs: [words] },
  truncate: { args: '20', inputs: [words, (n) => '😀'.repeat(n / 2)] },
  truncatewords: { args: '99999', inputs: [words] },
  replace: { args: "'a', '\\0'", inputs: [words] },
  replace_first: { args: "'z', 'b'", inputs: [words] },
  replace_last: { args: "'z', 'b'", inputs: [words] },
  remove: { args: "'a'", inputs: [words] },
  remove_first: { args: "'z'", inputs: [words] },
  remove_last: { args: "'z'", inputs: [words] },
  escape: { inputs: [(n) => '&<a '.repeat(n / 12)] },
  h: { inputs: [(n) => '&<a '.repeat(n / 12)] },
  escape_once: { inputs: [(n) => '&a'.repeat(n / 6), (n) => `&${'a'.repeat(n)}`] },
  strip_html: { inputs: [markup, (n) => '<'.repeat(n), (n) => '<script'.repeat(n / 7), (n) => '<!--'.repeat(n / 4)] },
  url_encode: { inputs: [(n) => 'ä '.repeat(n / 8)] },
  url_decode: { inputs: [(n) => '%41%'.repeat(n / 4)] },
  base64_encode: { inputs: [words] },
  base64_decode: { inputs: [(n) => 'YWJj'.repeat(n / 4), words] },
  base64_url_safe_encode: { inputs: [words] },
  base64_url_safe_decode: { inputs: [(n) => 'YWJj'.repeat(n / 4), words] },
  first: { inputs: [numbers] },
  last: { inputs: [numbers] },
  size: { inputs: [words, (n) => '😀'.repeat(n / 2)] },
  join: { args: "','", inputs: [numbers] },
  reverse: { inputs: [numbers] },
  concat: { args: 'v', inputs: [numbers] },
  compact: { inputs: [numbers] },
  map: { args: "'k'", inputs: [records] },
  sort: { inputs: [numbers] },
  sort_natural: { args: "'k'", inputs: [records] },
  uniq: { args: "'k'", inputs: [records] },
  where: { args: "'k', 'n7'", inputs: [records] },
  plus: { args: '1', inputs: [words] },
  minus: { args: '1', inputs: [words] },
  times: { args: '1', inputs: [words] },
  divided_by: { args: '1', inputs: [words] },
  modulo: { args: '1', inputs: [words] },
  abs: { inputs: [(n) => ' '.repeat(n)] },
  at_least: { args: '1', inputs: [words] },
  at_most: { args: '1', inputs: [words] },
  ceil: { inputs: [words] },
  floor: { inputs: [words] },
  round: { args: '1', inputs: [words] },
  date: { args: "'%Y'", inputs: [digits, words] },
  default: { args: '1', inputs: [words] },
  money: { inputs: [(n) => ' '.repeat(n), digits] },
  number_with_delimiter: { inputs: [digits, words] },
  md5: { inputs: [words] },
  sha1: { inputs: [words] },
  sha2: { inputs: [words] },
  hmac_sha1: { args: 'v', inputs: [words] },
  hmac_sha1_hex: { args: 'v', inputs: [words] },
  hmac_sha1_base64: { args: 'v', inputs: [words] },
  hmac_sha256: { args: 'v', inputs: [words] },
  hmac_sha256_hex: { args: 'v', inputs: [words] },
  hmac_sha256_base64: { args: 'v', inputs: [words] },
  hmac_sha512: { args: 'v', inputs: [words] },
  url_escape: { inputs: [(n) => 'ä '.repeat(n / 8)] },
  url_param_escape: { inputs: [(n) => 'ä '.repeat(n / 8)] },
  raw: { inputs: [words] },
  json_escape: { inputs: [(n) => '"\u0001'.repeat(n / 8)] },
  json_parse: { inputs: [(n) => `[${'1,'.repeat(n / 4)}1]`, words] },
  as_json_string: { inputs: [numbers, records, words] },
  property_accessor: { args: 'v', inputs: [words] },
  time_zone: { args: 'v', inputs: [words] },
};

test('every filter has its case', () => {
  assert.deepEqual(Object.keys(filters).sort(), [...dialectFilters.keys()].sort());
});

const expressions: [name: string, template: string, value: Input][] = [
  ...Object.entries(filters).flatMap(([name, { args, inputs }]) =>
    inputs.map((input): [string, string, Input] => [
      name,
      `{% assign v = custom_attribute.\${v} %}{% assign x = v | ${name}${args === undefined ? '' : `: ${args}`} %}`,
      input,
    ]),
  ),
  [
    'comparison',
    '{% assign v = custom_attribute.${v} %}{% assign w = v | append: "a" %}{% if v < w and v != w %}{% endif %}',
    words,
  ],
  ['comparison of lists', '{% if custom_attribute.${v} == custom_attribute.${v} %}{% endif %}', records],
  [
    'a long needle',
    "{% assign v = custom_attribute.${v} %}{% assign n = 'b' | append: v %}{% assign h = v | append: v %}{% if h contains n %}{% endif %}",
    (n) => 'a'.repeat(n),
  ],
  [
    'a needle that nearly is there',
    "{% assign v = custom_attribute.${v} %}{% assign n = v | append: 'b' %}{% assign h = v | append: v %}{{ h | replace: n, '' | size }}",
    (n) => 'a'.repeat(n),
  ],
  ['blanks that are asked about', '{% if custom_attribute.${v} == blank %}{% endif %}', (n) => ' '.repeat(n)],
  ['output of a list', '{{ custom_attribute.${v} }}', numbers],
  ['output of records', '{{ custom_attribute.${v} | append: "" | size }}', records],
  ['a loop', '{% for x in custom_attribute.${v} %}{{ x }}{% endfor %}', (n) => numbers(n / 4)],
  ['a long format', "{{ 'now' | date: custom_attribute.${v} | size }}", (n) => '%Y'.repeat(n / 16)],
  ['a format that is none', "{{ 'now' | date: custom_attribute.${v} | size }}", (n) => '%-'.repeat(n / 4)],
];

/** What reaches a limit on the way must reach it as quickly. */
test('every filter and comparison takes linear time', () => {
  for (const [name, template, value] of expressions) {
    const compiled = compileTemplate(template);
    const prepare = (n: number) => {
      const context = sampleContext({ v: value(n) });
      return () => {
        try {
          compiled.render(context);
        } catch (error) {
          assert.doesNotMatch(String(error), /processor time/, name);
        }
      };
    };
    assertLinear(name, 50_000, prepare);
  }
});
