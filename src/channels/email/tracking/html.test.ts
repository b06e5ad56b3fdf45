import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Parser } from 'htmlparser2';
import type { Tracker } from '../../tracking.ts';
import { trackHtml } from './html.ts';

const BASE = 'https://links.acme.test/l/p/';
const PIXEL = '<img src="https://links.acme.test/o/p" width="1" height="1" alt="" style="border:0">';

function trackerOf(changes: Partial<Tracker> = {}): Tracker {
  return {
    opens: true,
    clicks: true,
    ownLinks: ['https://cresset.test/s/', BASE],
    linkTo: (url) => BASE + Buffer.from(url).toString('base64url'),
    pixel: () => 'https://links.acme.test/o/p',
    hiddenLink: () => null,
    ...changes,
  };
}

/** The HTML with each followed link written as the URL where it leads. */
function tracked(html: string, { opens = false, clicks = true } = {}): string {
  const text = trackHtml(html, trackerOf(), { opens, clicks });
  return text.replaceAll(
    /https:\/\/links\.acme\.test\/l\/p\/([\w-]+)/g,
    (_all, target: string) => `>${urlIn(target)}<`,
  );
}

function urlIn(target: string): string {
  return Buffer.from(target, 'base64url').toString();
}

const links: [html: string, expected: string][] = [
  // Row 34.
  ['<a href="https://shop.example.com/r?a=1&amp;b=2">x</a>', '<a href=">https://shop.example.com/r?a=1&b=2<">x</a>'],
  ["<A class=x HREF = 'https://a.test/&auml;'>x</A>", "<A class=x HREF = '>https://a.test/%C3%A4<'>x</A>"],
  ['<a href=https://a.test/x>x</a>', '<a href=>https://a.test/x<>x</a>'],
  ['<a href=" https://a.test/x\n ">x</a>', '<a href=">https://a.test/x<">x</a>'],
  ['<map><area href="http://a.test"></map>', '<map><area href=">http://a.test/<"></map>'],
  ['<a title="a > b" href="https://a.test/" id=q>x</a>', '<a title="a > b" href=">https://a.test/<" id=q>x</a>'],
  ['<a href="https://a.test/" href="https://b.test/">', '<a href=">https://a.test/<" href="https://b.test/">'],
];
for (const [html, expected] of links) test(`a link is followed: ${html}`, () => assert.equal(tracked(html), expected));

const untouched = [
  '<a href="mailto:a@a.test?subject=https://a.test/">x</a>',
  '<a href="tel:+1">x</a> <a href="#top">x</a> <a href="/x">x</a> <a href="//a.test">x</a> <a href>x</a> <a href="">x</a>',
  '<a href="https://">x</a> <a href="https://a b/">x</a>',
  '<a href="https://cresset.test/s/u.1.2.3.4.mac">unsubscribe</a>',
  '<a href="https://a.test/" clicktracking="off">x</a> <a data-msys-clicktrack=0 href="https://a.test/">x</a>',
  `<a href="https://a.test/${'x'.repeat(1_500)}">x</a>`,
  '<!--[if mso]><a href="https://a.test/">x</a><![endif]-->',
  '<style>a[href="https://a.test/"]{}</style><script>"<a href=\'https://a.test/\'>"</script>',
  '<textarea><a href="https://a.test/"></textarea><title><a href="https://a.test/"></title>',
  '<link href="https://a.test/"><img src="https://a.test/"><form action="https://a.test/"></form>',
  '<a href="https://a.test/',
];
for (const html of untouched) test(`nothing is changed: ${html.slice(0, 90)}`, () => assert.equal(tracked(html), html));

test('the pixel is once the last content of the body, and the hidden link before it', () => {
  const at = (html: string) => tracked(html, { opens: true }).replaceAll(PIXEL, '*');
  assert.equal(at('<body class="x"><p>Hi</p></body>'), '<body class="x"><p>Hi</p>*</body>');
  assert.equal(at('<html><BODY>Hi</BODY ></html>'), '<html><BODY>Hi*</BODY ></html>');
  assert.equal(at('<html><p>Hi</html>\n'), '<html><p>Hi*</html>\n');
  assert.equal(at('<p>Hi</p>'), '<p>Hi</p>*');
  assert.equal(at('<body>a</body><!-- </body> -->'), '<body>a*</body><!-- </body> -->');
  assert.equal(at(''), '*');
  const hiddenLink = () => `${BASE}h`;
  assert.equal(
    trackHtml('<body>Hi</body>', trackerOf({ hiddenLink }), { opens: true, clicks: true }),
    `<body>Hi<a href="${BASE}h" style="display:none" tabindex="-1" aria-hidden="true" rel="nofollow"></a>${PIXEL}</body>`,
  );
});

test('our own links are left', () => {
  const html = `<a href="${BASE}abc">x</a>`;
  assert.equal(trackHtml(html, trackerOf(), { opens: false, clicks: true }), html);
});

test('what is not wanted is not there', () => {
  const html = '<a href="https://a.test/">x</a>';
  assert.equal(trackHtml(html, trackerOf(), { opens: false, clicks: false }), html);
  assert.equal(trackHtml(html, trackerOf(), { opens: true, clicks: false }), html + PIXEL);
});

/** What a mail program makes of HTML: elements, attributes, texts and comments in their order. */
function meaning(html: string, hrefOf: (name: string, href: string) => string): unknown[] {
  const events: unknown[] = [];
  const parser = new Parser(
    {
      onopentag: (name, { href, ...attributes }) =>
        events.push(['<', name, attributes, href === undefined ? null : hrefOf(name, href)]),
      onclosetag: (name) => events.push(['>', name]),
      ontext: (text) => events.push(text),
      oncomment: (text) => events.push(['!', text]),
    },
    { decodeEntities: true },
  );
  parser.end(html);
  // Where the parser parts texts depends on positions.
  const joined: unknown[] = [];
  for (const one of events) {
    const last = joined.at(-1);
    if (typeof one === 'string' && typeof last === 'string') joined.splice(-1, 1, last + one);
    else joined.push(one);
  }
  return joined;
}

/** Where a browser goes for a link. */
function destination(name: string, href: string): string {
  if (name !== 'a' && name !== 'area') return href;
  const url = href.startsWith(BASE) ? urlIn(href.slice(BASE.length)) : href;
  return /^\s*https?:\/\//i.test(url) ? (URL.parse(url)?.href ?? url) : url;
}

test('whatever the HTML, every link leads where it led, and nothing else changes', () => {
  const url = fc.oneof(
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    fc.constantFrom(
      'mailto:a@b.test',
      '#x',
      'https://a.test/ä ö?x=1&amp;y=&lt;&#x27;',
      'HTTP://A.test',
      'https://a.test/&copy=1',
      '',
    ),
  );
  const attribute = fc
    .tuple(fc.constantFrom('href', 'HREF', 'class', 'title', 'href2'), url, fc.constantFrom('"', "'", ''))
    .map(
      ([name, value, quote]) =>
        ` ${name}=${quote}${quote === '' ? value.replaceAll(/[\s>]/g, '') || 'x' : value.replaceAll(quote, '')}${quote}`,
    );
  const element = fc
    .tuple(
      fc.constantFrom('a', 'A', 'area', 'p', 'img', 'abbr', 'link'),
      fc.array(attribute, { maxLength: 3 }),
      fc.constantFrom('>', '/>', ' >', ''),
    )
    .map(([name, attributes, end]) => `<${name}${attributes.join('')}${end}`);
  const piece = fc.oneof(
    { weight: 4, arbitrary: element },
    fc.string({ unit: 'grapheme', maxLength: 8 }),
    fc.string({ unit: fc.constantFrom(...'<>/="\'!-a &;b'), maxLength: 12 }),
    fc.constantFrom(
      '</a>',
      '</p>',
      '<body>',
      '</body>',
      '</html>',
      '<!--',
      '-->',
      '<style>',
      '</style>',
      '<script>',
      '</script>',
      '<title>',
      '</title>',
      '<svg>',
      '</svg>',
      '<![CDATA[',
      ']]>',
      '<?x',
      '&amp;',
      '&#0;',
      '<textarea>',
      '</textarea>',
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const html = pieces.join('');
      const after = trackHtml(html, trackerOf(), { opens: false, clicks: true });
      assert.deepEqual(meaning(after, destination), meaning(html, destination));
      const withPixel = trackHtml(html, trackerOf(), { opens: true, clicks: true });
      assert.equal(withPixel.split(PIXEL).length, 2);
      assert.equal(withPixel.replace(PIXEL, ''), after);
    }),
    { numRuns: 1_000 },
  );
});
