// Posts statuses of texts as Twilio does, signed, at an even rate and in its own process. It is told what to post, and answers
// how that went.
import { createHmac } from 'node:crypto';
import { percentile } from './figure.ts';
import { ACCOUNT } from './http-world.ts';
import { load, type Post } from './load.ts';

export interface FloodOrder {
  /** The URLs that Twilio was told, one for each text. Each is told of once. */
  callbacks: readonly string[];
  perSecond: number;
}

export interface FloodResult {
  perSecond: number;
  p50: number;
  p99: number;
}

const CONNECTIONS = 64;
const [url] = process.argv.slice(2) as [string];

process.on('message', async ({ callbacks, perSecond }: FloodOrder) => {
  let next = 0;
  const posts = callbacks.map(postFor);
  const result = await load({
    url,
    connections: CONNECTIONS,
    forMs: (callbacks.length / perSecond) * 1_000,
    offered: perSecond,
    status: 200,
    next: () => posts[next++ % posts.length] as Post,
  });
  const [p50, p99] = [0.5, 0.99].map((share) => percentile(result.latencies, share));
  process.send?.({ perSecond: result.perSecond, p50, p99 });
});
process.on('disconnect', () => process.exit());
process.send?.('ready');

function postFor(callback: string, index: number): Post {
  const sid = `SM${index.toString(16).padStart(32, '0')}`;
  const fields = Object.entries({
    ...{ AccountSid: ACCOUNT.sid, ApiVersion: '2010-04-01', From: ACCOUNT.from, MessageSid: sid },
    ...{ MessageStatus: 'delivered', SmsSid: sid, SmsStatus: 'delivered', To: '+14155550101' },
  });
  const signed = callback + fields.map(([name, value]) => name + value).join('');
  const { pathname, search } = new URL(callback);
  return {
    path: pathname + search,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': createHmac('sha1', ACCOUNT.token).update(signed).digest('base64'),
    },
    body: new URLSearchParams(fields).toString(),
  };
}
