import assert from 'node:assert/strict';
import test from 'node:test';
import { consoleUrl } from './console-url.ts';

// Row 22 of the traps of the product.
test('only a page of the console is where a sign-in leads', () => {
  const at = (next: string | null) => consoleUrl(next, 'https://cresset.example.com/ops');
  const home = 'https://cresset.example.com/ops/';
  assert.equal(at('/ops/people/ab?why=cd'), `${home}people/ab?why=cd`);
  assert.equal(at('https://cresset.example.com/ops/find'), `${home}find`);
  assert.equal(at('https:find'), `${home}find`, 'relative, though it looks like another host');
  const elsewhere = [
    ...[
      '//evil.example',
      '/\\evil.example',
      '\\\\evil.example',
      '/\t/evil.example',
      'https://evil.example',
      'http:evil',
    ],
    ...['javascript:alert(1)', 'https://cresset.example.com@evil.example/ops/', 'https://a:b@cresset.example.com/ops/'],
    ...[
      'http://cresset.example.com/ops/',
      '/elsewhere',
      '/ops/../elsewhere',
      '/opsx',
      '/ops/sign-in/openid',
      'http://[',
    ],
    ...[`/ops/${'x'.repeat(1_000)}`, `/ops/${'é'.repeat(300)}`, ''],
  ];
  for (const next of [...elsewhere, null]) assert.equal(at(next), home, String(next));
});
