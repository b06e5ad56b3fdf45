import assert from 'node:assert/strict';
import test from 'node:test';
import { DispatchCache } from './loaded-dispatch.ts';
import type { SendPlan } from './send-plan.ts';

const MB = 1_048_576;

/** A plan whose webhook has this body. */
function planOf(body: string): SendPlan {
  return {
    version: 1,
    messages: { webhook: { url: 'https://example.test/', request_method: 'POST', body } },
  } as unknown as SendPlan;
}

function remember(cache: DispatchCache, id: string, body: string): void {
  const plan = planOf(body);
  cache.remember(id, plan, JSON.stringify(plan));
}

test('large plans displace each other: bytes are counted, not entries', () => {
  const cache = new DispatchCache({ mostBytes: 64 * MB });
  for (let n = 0; n < 40; n += 1) remember(cache, `${n}`, 'x'.repeat(4_000_000));
  assert.ok(cache.sizeBytes <= 64 * MB, `${cache.sizeBytes}`);
  assert.notEqual(cache.get('39'), undefined);
  assert.equal(cache.get('0'), undefined);
});

test('what the parsed templates take is counted, too', () => {
  const cache = new DispatchCache({ mostBytes: 64 * MB });
  remember(cache, 'plain', 'x'.repeat(50_000));
  const plainBytes = cache.sizeBytes;
  remember(cache, 'tags', '{{a}}'.repeat(10_000));
  assert.ok(cache.sizeBytes - plainBytes > 10_000 * 800, 'a parsed output takes at least 800 bytes (measured)');
});

test('small plans are kept by the thousand', () => {
  const cache = new DispatchCache();
  for (let n = 0; n < 2_000; n += 1) remember(cache, `${n}`, 'Hi {{${first_name}}}');
  assert.notEqual(cache.get('0'), undefined);
});
