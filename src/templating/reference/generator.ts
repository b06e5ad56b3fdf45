// Random templates in the language of Shopify's Liquid, with whatever people put into them. The same seed, the same templates.

export interface Sample {
  template: string;
  /** JSON of the variables. */
  variables: string;
}

export function generateSamples(count: number, seed: number): Sample[] {
  const generator = new Generator(seed);
  return Array.from({ length: count }, () => generator.sample());
}

const integers = [
  '0',
  '1',
  '2',
  '3',
  '-1',
  '-7',
  '10',
  '15',
  '42',
  '1000',
  '9007199254740993',
  '123456789012345678901',
];
const floats = [
  '0.0',
  '2.0',
  '0.1',
  '4.35',
  '19.99',
  '-3.5',
  '100.0',
  '2.5',
  '1.005',
  '0.00001',
  '12345678.125',
  '10000000000000000.0',
];
const numericTexts = [
  '3',
  '-5',
  '7.0',
  ' 4.5 ',
  '3 apples',
  '1,234.50',
  '1e3',
  '1_000',
  '0x1f',
  '010',
  '+6',
  '.5',
  '5.',
  '-0.25',
  '१',
];
const plainTexts = [
  '',
  ' ',
  'a',
  'b',
  'A',
  'abcabc',
  'Hello World',
  'hELLO wORLD',
  ' a  b ',
  'one two three four',
  'a,b,,c,',
  'x-y-z',
  'foo.bar',
  '\n line\n\tbreak\r\n',
  '😀',
  'a😀b',
  '👍🏽!',
  'ñandú',
  'ß',
  'ΑΣ Σ',
  'İstanbul',
  'ǆ',
  'ﬁn',
  'e\u0301',
  '日本語',
  '\u{1F468}\u200D\u{1F469}',
  '<b>bold</b> & <i>x</i>',
  '<!-- c --><script>x</script>y<style>z</style>',
  'a&amp;b <c> &#39; &x;',
  '%E4%B8%AD+%zz%',
  'aGVsbG8=',
  'x\\ty',
  '\\0\\1\\\\',
  'true',
  'nil',
  'q=1&r=ä b/c?d~e*f!(g)',
];
const dateTexts = [
  'now',
  'today',
  'Today',
  '2026-03-15',
  '2021-06-03 17:13:41 UTC',
  '2027-03-28T09:00:00-04:00',
  '2027-03-28T09:00:00.123456Z',
  '2024-02-29T23:59:59+0530',
  '31/12/2027',
  '12/31/2027',
  '2027/01/02',
  '3.4.2027',
  'March 14, 2016',
  '14 Mar 2016 3pm',
  'Fri, 16 Jul 2027 10:11:12 EST',
  'Sat Aug  7 01:02:03 2027',
  '7:30',
  '11:45 pm',
  'Jul',
  'Wednesday',
  'not a date',
  '1152098955',
  '0',
  '99999999999',
  '20270101T101112Z',
  "'27",
  '2027-13-01',
  '2027-02-30',
  '2027-060',
  '1st of May',
  '2nd',
  'May 5',
  '5 May 99',
  '12-Sep-2027',
  'Dec 25 2027 12:00 +02:00',
  '10000-01-01',
  '-0001-05-06',
  'H30.01.02',
];
const directives = 'aAbBcCdDeFgGhHIjklLmMnNpPrRsStTuUvVwWxXyYzZ%'.split('');
const flags = ['', '', '', '', '-', '0', '^', '_', '#', '3', '10', '-5', '_8', '^10', '05'];

const variables = {
  s: 'Hello World',
  empty: '',
  spaces: '  ',
  emoji: 'a😀b👍🏽',
  digits: '12',
  n: 5,
  zero: 0,
  big: 250,
  f: 4.35,
  price: 19.99,
  yes: true,
  no: false,
  nothing: null,
  key: 'k',
  list: [3, 1, 2],
  words: ['pear', 'Apple', 'banana', 'apple'],
  mixed: ['a', 1, 2.5, null, true, 'a', 1],
  none: [],
  nested: [['a', 'b'], ['c', ['d']], 'e'],
  h: { k: 'v', n: 1, size: 9, inner: { x: [1, 2, { y: 'deep' }] } },
  blank_h: {},
  items: [
    { name: 'Shoe', price: 10.5, tags: ['x', 'y'], on: true },
    { name: 'hat', price: 2, tags: [], on: false },
    { name: 'Bag', price: null },
    { name: 'hat', price: 7, on: true, extra: null },
  ],
};
/** JSON of the variables that all samples have. */
export const standardVariables = JSON.stringify(variables);

const texts = ['s', 'empty', 'spaces', 'emoji', 'digits', 'key', 'h.k', 'words[0]', 'words.last', 'items[0].name'];
const numbers = [
  'n',
  'zero',
  'big',
  'f',
  'price',
  'list[1]',
  'list.first',
  'h.n',
  'items[0].price',
  'words.size',
  's.size',
];
const lists = ['list', 'words', 'mixed', 'none', 'nested', 'items', 'h.inner.x', 'items[0].tags'];
const others = [
  'yes',
  'no',
  'nothing',
  'missing',
  'missing.x.y',
  'h',
  'blank_h',
  'h.size',
  'h.first',
  'h.inner.x[2].y',
  "h['k']",
  'h[key]',
  'h[0]',
  'list[-1]',
  'list[9]',
  'list["0"]',
  'nested[1][1][0]',
  '["s"]',
  '[key]',
  'items.first.name',
  'n.size',
  'nothing.size',
  'empty',
  'blank',
  'nil',
  'null',
  'true',
  'false',
  '(1..3)',
  '(n..8)',
  '(3..1)',
  '(1..3).first',
  'x',
  'y',
];
const odd = [
  'a.b.c',
  's.',
  '.s',
  'list[',
  'h.k!',
  '-n',
  'n?',
  '1.2.3',
  "'a",
  '"b',
  '-',
  '=',
  'a-b',
  '5x',
  'list[0',
  'list[]',
  '(1..',
  '(1.5..3.7)',
  "('1'..'3')",
];

/** What a filter takes, by kinds of arguments: `?` may be left out. */
const filters: Readonly<Record<string, string>> = {
  abs: '',
  append: 't',
  at_least: 'n',
  at_most: 'n',
  base64_decode: '',
  base64_encode: '',
  base64_url_safe_decode: '',
  base64_url_safe_encode: '',
  capitalize: '',
  ceil: '',
  compact: '?p',
  concat: 'l',
  date: 'd',
  default: '?v',
  divided_by: 'n',
  downcase: '',
  escape: '',
  escape_once: '',
  first: '',
  floor: '',
  h: '',
  join: '?t',
  last: '',
  lstrip: '',
  map: 'p',
  minus: 'n',
  modulo: 'n',
  newline_to_br: '',
  plus: 'n',
  prepend: 't',
  remove: 't',
  remove_first: 't',
  remove_last: 't',
  replace: 't?t',
  replace_first: 't?t',
  replace_last: 'tt',
  reverse: '',
  round: '?i',
  rstrip: '',
  size: '',
  slice: 'i?i',
  sort: '?p',
  sort_natural: '?p',
  split: 't',
  strip: '',
  strip_html: '',
  strip_newlines: '',
  times: 'n',
  truncate: '?i?t',
  truncatewords: '?i?t',
  uniq: '?p',
  upcase: '',
  url_decode: '',
  url_encode: '',
  where: 'p?v',
};
const filterNames = Object.keys(filters);

class Generator {
  #state: number;
  #depth = 0;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  sample(): Sample {
    return { template: this.#body(1 + this.#below(4)), variables: standardVariables };
  }

  /** Between 0 and 1. The generator is mulberry32. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #pick<T>(options: readonly T[]): T {
    const picked = options[this.#below(options.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }

  #body(parts: number): string {
    return Array.from({ length: parts }, () => this.#part()).join('');
  }

  #part(): string {
    const kind = this.#random();
    if (kind < 0.15)
      return this.#pick([' ', '\n', ' x ', '[', ']', ',', 'text', '  \n  ', '{ ', '} ', '%', "don't", 'ä😀']);
    if (kind < 0.55 || this.#depth > 3) return this.#output();
    this.#depth += 1;
    const tag = this.#tag();
    this.#depth -= 1;
    return tag;
  }

  #output(): string {
    return this.#wrap('{{', this.#piped(), '}}');
  }

  #wrap(open: string, inner: string, close: string): string {
    const space = this.#pick([' ', ' ', ' ', '', '\n', '  ']);
    return `${open}${this.#dash()}${space}${inner}${space || ' '}${this.#dash()}${close}`;
  }

  #dash(): string {
    return this.#chance(0.1) ? '-' : '';
  }

  #piped(): string {
    if (this.#chance(0.12)) return `${this.#quoted(this.#pick(dateTexts))} | date: ${this.#format()}`;
    let text = this.#value();
    while (this.#chance(0.55)) text += `${this.#pick([' | ', ' | ', '|', ' |  '])}${this.#filter()}`;
    return text;
  }

  #filter(): string {
    const name = this.#pick(filterNames);
    const kinds = filters[name] ?? '';
    const args: string[] = [];
    for (let at = 0; at < kinds.length; at += 1) {
      const isOptional = kinds[at] === '?';
      if (isOptional && this.#chance(0.4)) break;
      if (isOptional) at += 1;
      args.push(this.#argument(kinds[at] ?? ''));
    }
    if (this.#chance(0.01)) args.push(this.#value());
    if (name === 'default' && args.length > 0 && this.#chance(0.3)) args.push('allow_false: true');
    return args.length === 0
      ? name
      : `${name}${this.#pick([': ', ': ', ':', ' : '])}${args.join(this.#pick([', ', ',', ' , ']))}`;
  }

  #argument(kind: string): string {
    if (this.#chance(kind === 'p' ? 0.01 : 0.08)) return this.#value();
    switch (kind) {
      case 't':
        return this.#text();
      case 'n':
        return this.#number();
      case 'i':
        return this.#chance(0.85) ? this.#pick(['0', '1', '2', '3', '-1', '-2', '10', 'n']) : this.#number();
      case 'l':
        return this.#pick(lists);
      case 'p':
        return this.#pick(["'name'", "'price'", "'tags'", "'on'", "'missing'", 'key', "'a'"]);
      case 'd':
        return this.#format();
      default:
        return this.#value();
    }
  }

  #format(): string {
    const parts = Array.from({ length: 1 + this.#below(3) }, () => `%${this.#pick(flags)}${this.#pick(directives)}`);
    return this.#quoted(parts.join(this.#pick(['', ' ', '-', ', '])));
  }

  #quoted(text: string): string {
    return text.includes("'") ? `"${text}"` : `'${text}'`;
  }

  #text(): string {
    const kind = this.#random();
    if (kind < 0.3) return this.#pick(texts);
    return this.#quoted(this.#pick(kind < 0.45 ? numericTexts : plainTexts));
  }

  #number(): string {
    const kind = this.#random();
    if (kind < 0.25) return this.#pick(numbers);
    if (kind < 0.55) return this.#pick(integers);
    return kind < 0.85 ? this.#pick(floats) : this.#quoted(this.#pick(numericTexts));
  }

  #value(): string {
    const kind = this.#random();
    if (kind < 0.3) return this.#text();
    if (kind < 0.55) return this.#number();
    if (kind < 0.75) return this.#pick(lists);
    return kind < 0.96 ? this.#pick(others) : this.#pick(odd);
  }

  #tag(): string {
    const tags = [
      () => this.#if(),
      () => this.#if(),
      () => this.#case(),
      () => this.#for(),
      () => this.#for(),
      () => this.#tablerow(),
      () => this.#assign(),
      () => this.#assign(),
      () => this.#capture(),
      () => this.#cycle(),
      () => this.#counter(),
      () => this.#liquid(),
      () => this.#wrap('{%', `echo ${this.#piped()}`, '%}'),
      () => this.#quiet(),
    ];
    return this.#pick(tags)();
  }

  #block(open: string, inside: string, close: string): string {
    return this.#wrap('{%', open, '%}') + inside + this.#wrap('{%', close, '%}');
  }

  #comparison(): string {
    if (this.#chance(0.25)) return this.#value();
    const sign = this.#pick(['==', '!=', '<>', '<', '>', '<=', '>=', 'contains']);
    if (sign === 'contains') return `${this.#chance(0.5) ? this.#text() : this.#pick(lists)} contains ${this.#value()}`;
    if (sign.includes('=') && this.#chance(0.5))
      return `${this.#value()} ${sign} ${this.#pick(['blank', 'empty', 'nil', 'true', 'false'])}`;
    return this.#chance(0.6)
      ? `${this.#number()} ${sign} ${this.#number()}`
      : `${this.#value()} ${sign} ${this.#value()}`;
  }

  #condition(): string {
    let text = this.#comparison();
    while (this.#chance(0.3)) text += ` ${this.#pick(['and', 'or'])} ${this.#comparison()}`;
    return text;
  }

  #if(): string {
    const name = this.#pick(['if', 'if', 'unless']);
    let inside = this.#body(1 + this.#below(2));
    if (this.#chance(0.3)) inside += this.#wrap('{%', `elsif ${this.#condition()}`, '%}') + this.#body(1);
    if (this.#chance(0.5)) inside += this.#wrap('{%', 'else', '%}') + this.#body(1);
    return this.#block(`${name} ${this.#condition()}`, inside, `end${name}`);
  }

  #case(): string {
    let inside = this.#pick(['', ' ', '\n', 'junk']);
    for (let at = this.#below(3); at >= 0; at -= 1) {
      const values = Array.from({ length: 1 + this.#below(2) }, () => (this.#chance(0.1) ? 'blank' : this.#value()));
      inside += this.#wrap('{%', `when ${values.join(this.#pick([', ', ' or ', ',']))}`, '%}') + this.#body(1);
    }
    if (this.#chance(0.5)) inside += this.#wrap('{%', 'else', '%}') + this.#body(1);
    return this.#block(`case ${this.#value()}`, inside, 'endcase');
  }

  #for(): string {
    const collection = this.#chance(0.85)
      ? this.#pick([...lists, '(1..3)', '(1..n)', 'h', 's', '(n..2)'])
      : this.#value();
    const options = [this.#pick(['', '', ' reversed']), this.#limit('limit'), this.#limit('offset')];
    if (this.#chance(0.1)) options.push(' offset:continue');
    if (this.#chance(0.1)) options.reverse();
    const shown = this.#pick([
      'x',
      'x.name',
      'forloop.index',
      'forloop.rindex0',
      'forloop.last',
      'forloop.length',
      'x[0]',
      'forloop.parentloop.index',
      'forloop.name',
    ]);
    let inside = `{{ ${shown} }}${this.#body(1)}`;
    if (this.#chance(0.15))
      inside += `{% if forloop.index == 2 %}{% ${this.#pick(['break', 'continue'])} %}{% endif %}.`;
    if (this.#chance(0.3)) inside += this.#wrap('{%', 'else', '%}') + this.#body(1);
    return this.#block(`for ${this.#pick(['x', 'y'])} in ${collection}${options.join('')}`, inside, 'endfor');
  }

  #limit(name: string): string {
    if (this.#chance(0.65)) return '';
    return ` ${name}${this.#pick([':', ': '])}${this.#pick(['0', '1', '2', '3', '-1', 'n', "'2'", 'nothing', '1.5'])}`;
  }

  #tablerow(): string {
    const options = [this.#limit('limit'), this.#limit('offset'), this.#limit('cols')];
    const inside = `{{ ${this.#pick(['x', 'tablerowloop.col', 'tablerowloop.row', 'tablerowloop.col_last', 'tablerowloop.index'])} }}`;
    return this.#block(
      `tablerow x in ${this.#pick([...lists, '(1..4)', 'h', 's', 'nothing'])}${options.join('')}`,
      inside,
      'endtablerow',
    );
  }

  #assign(): string {
    const name = this.#pick(['x', 'y', 'n', 's']);
    return (
      this.#wrap('{%', `assign ${name}${this.#pick([' = ', '=', ' ='])}${this.#piped()}`, '%}') +
      this.#pick(['', `{{ ${name} }}`])
    );
  }

  #capture(): string {
    return `${this.#block('capture x', this.#body(2), 'endcapture')}{{ x | size }}{{ x }}`;
  }

  #cycle(): string {
    const values = Array.from({ length: 1 + this.#below(3) }, () =>
      this.#pick(["'a'", "'b'", '1', 'n', 's', '2.0', 'nil', "'c'"]),
    );
    const tag = `{% cycle ${this.#pick(['', '', "'g': ", 'key: '])}${values.join(', ')} %}`;
    return tag + this.#pick(['', tag, ' ']) + tag;
  }

  #counter(): string {
    const tag = `{% ${this.#pick(['increment', 'decrement'])} ${this.#pick(['c', 'n', 'd'])} %}`;
    return tag + this.#pick(['', tag, '{{ c }}{{ n }}']);
  }

  #liquid(): string {
    const lines = [
      `assign x = ${this.#piped()}`,
      'echo x',
      '',
      '  # note',
      `if ${this.#condition()}`,
      "  echo 'yes'",
      'else',
      '  echo n',
      'endif',
    ];
    return `{%${this.#dash()} liquid\n${lines.map((line) => line.replaceAll('\n', ' ')).join('\n')}\n${this.#dash()}%}`;
  }

  #quiet(): string {
    return this.#pick([
      '{% comment %} {{ x }} {% endcomment %}',
      '{%- comment -%} a {%- endcomment -%} ',
      "{% # don't %}",
      '{% raw %}{{ x }} {% if %}{% endraw %}',
      ' {%- raw %} {{ x }} {% endraw %} ',
      '{% if yes %}  {% assign x = 1 %} {% endif %}',
      '{% for x in list %} {% comment %}{% endcomment %} {% endfor %}',
      '{% if no %}{% break %}{% endif %}',
    ]);
  }
}
