import assert from 'node:assert/strict';
import { createECDH } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { newBrowser } from '../../../test/support/web-push.ts';
import { encrypt, encryptWith, MAX_PLAINTEXT_BYTES, PayloadTooLarge, seal } from './encrypt.ts';
import { MAX_PAYLOAD_BYTES } from './render.ts';

const bytes = (text: string) => Buffer.from(text, 'base64url');

test('RFC 8291, section 5 and appendix A: the same message, byte for byte', () => {
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(bytes('yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw'));
  const receiver = {
    p256dh: bytes('BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4'),
    auth: bytes('BTBZMqHH6r4Tts7J_aSIgg'),
  };
  const message = encryptWith(Buffer.from('When I grow up, I want to be a watermelon'), receiver, {
    salt: bytes('DGv6ra1nlYgDCS1FRnbzlw'),
    pair,
  });
  assert.equal(
    message.toString('base64url'),
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl' +
      '7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
  );
});

test('RFC 8188, section 3.1: the same record, byte for byte', () => {
  const record = seal(Buffer.from('I am the walrus'), {
    inputKey: bytes('yqdlZ-tYemfogSmv7Ws5PQ'),
    salt: bytes('I1BsxtFttlv3u_Oo94xnmw'),
    keyId: Buffer.alloc(0),
  });
  assert.equal(record.toString('base64url'), 'I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg');
});

test('a browser can read every message: WebCrypto decrypts to the same bytes', async () => {
  assert.equal(MAX_PLAINTEXT_BYTES, MAX_PAYLOAD_BYTES);
  const browser = await newBrowser();
  const plaintext = fc.uint8Array({ maxLength: MAX_PLAINTEXT_BYTES, size: 'max' });
  await fc.assert(
    fc.asyncProperty(plaintext, async (given) => {
      const message = encrypt(Buffer.from(given), browser);
      assert.ok(message.length <= 4_096);
      assert.deepEqual(await browser.decrypt(message), Buffer.from(given));
    }),
    { numRuns: 100, examples: [[new Uint8Array(0)], [new Uint8Array(MAX_PLAINTEXT_BYTES).fill(2)]] },
  );
});

test('a text one byte longer than a record can hold is refused', async () => {
  assert.throws(() => encrypt(Buffer.alloc(MAX_PLAINTEXT_BYTES + 1), browserless), PayloadTooLarge);
});

test('every message has its own key pair and salt', async () => {
  const messages = Array.from({ length: 50 }, () => encrypt(Buffer.from('the same'), browserless));
  assert.equal(new Set(messages.map((message) => message.subarray(0, 16).toString('hex'))).size, 50);
  assert.equal(new Set(messages.map((message) => message.subarray(21, 86).toString('hex'))).size, 50);
});

const somebody = createECDH('prime256v1');
const browserless = { p256dh: somebody.generateKeys(), auth: Buffer.alloc(16, 7) };
