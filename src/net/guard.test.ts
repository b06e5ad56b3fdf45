import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { findPassage } from './guard.ts';
import { isPublic } from './public-address.ts';

const inside = [
  '127.0.0.1',
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '169.254.169.254',
  '172.31.255.255',
  '192.0.0.9',
  '192.168.1.1',
  '198.19.0.1',
  '203.0.113.5',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:0:127.0.0.1',
  '64:ff9b::10.0.0.1',
  '64:ff9b:1::7f00:1',
  '100::1',
  '2001::1', // Teredo
  '2001:2::1',
  '2001:db8::1',
  '2002:7f00:1::1',
  '2002:0808:0808::1',
  '3fff:fff::1',
  '4000::1',
  '5f00::1',
  'fc00::1',
  'fe80::1',
  'fec0::1',
  'ff02::1',
];
const outside = [
  '1.1.1.1',
  '8.8.8.8',
  '172.32.0.1',
  '2606:4700:4700::1111',
  '2a00:1450:4001:80b::200e',
  '64:ff9b::808:808',
];

test('only what IANA lists as global unicast is public', () => {
  for (const address of inside) assert.equal(isPublic(address), false, address);
  for (const address of outside) assert.equal(isPublic(address), true, address);
});

test('no address is public in one notation and inner in another', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      assert.equal(isPublic(`::ffff:${address}`), isPublic(address));
      assert.equal(isPublic(asUrlWritesIt(`64:ff9b::${address}`)), isPublic(address));
      assert.equal(isPublic(asUrlWritesIt(`::${address}`)), false);
    }),
  );
});

function asUrlWritesIt(address: string): string {
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

async function isAllowed(url: string, allow: string[] = [], addresses: string[] = ['93.184.216.34']): Promise<boolean> {
  return (await findPassage(url, { allow, resolve: async () => addresses })).allowed;
}

test('a public host may be called at ports 80 and 443, but not if one of its addresses is inner', async () => {
  assert.equal(await isAllowed('https://example.com/x'), true);
  assert.equal(await isAllowed('http://example.com:443/'), true);
  assert.equal(await isAllowed('https://example.com:8443/'), false);
  assert.equal(await isAllowed('https://example.com/', [], ['93.184.216.34', '10.0.0.1']), false);
  assert.equal(await isAllowed('https://example.com/', [], []), false);
  assert.equal(await isAllowed('https://user@example.com/'), false);
  assert.equal(await isAllowed('ftp://example.com/'), false);
  for (const host of ['0x7f000001', '017700000001', '127.1', '[::127.0.0.1]', '[::ffff:0:127.0.0.1]', '[5f00::1]'])
    assert.equal(await isAllowed(`http://${host}/`), false, host);
});

test('an entry of the allow list permits its port, or 80 and 443 if it names none', async () => {
  const inner = ['10.0.0.7'];
  const cases: [string, string[], boolean][] = [
    ['http://hooks.internal/', ['hooks.internal'], true],
    ['https://HOOKS.internal/', ['hooks.internal'], true],
    ['http://hooks.internal:5432/', ['hooks.internal'], false],
    ['http://hooks.internal:8080/', ['hooks.internal:8080'], true],
    ['http://hooks.internal/', ['hooks.internal:8080'], false],
    ['http://hooks.internal/', ['10.0.0.0/8'], true],
    ['http://hooks.internal:6379/', ['10.0.0.0/8'], false],
    ['http://hooks.internal:8080/', ['10.0.0.0/8:8080'], true],
    ['http://hooks.internal:8080/', ['10.0.0.7:8080'], true],
    ['http://hooks.internal:8080/', ['10.0.0.8:8080'], false],
    ['http://other.internal/', ['hooks.internal'], false],
  ];
  for (const [url, allow, expected] of cases)
    assert.equal(await isAllowed(url, allow, inner), expected, `${url} ${allow}`);
  assert.equal(await isAllowed('http://[fd00::1]:8080/', ['[fd00::/8]:8080']), true);
  assert.equal(await isAllowed('http://[fd00::1]:8081/', ['[fd00::/8]:8080']), false);
  assert.equal(await isAllowed('http://[fd00::1]/', ['fd00::/8']), true);
  assert.equal(await isAllowed('http://hooks.internal/', ['10.0.0.0/8'], ['10.0.0.7', '192.168.0.1']), false);
});
