import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { createWatchers } from '../../rig/watchers.ts';

/** A webhook server that counts calls by path, where each person has their own path. */
export interface WebhookSink {
  /** URL template for webhooks. It ends with the person's external id. */
  url: string;
  /** `host:port`, for the list of inner hosts that may be called. */
  host: string;
  /** Number of calls answered with 200, by path without its slash. */
  received: Map<string, number>;
  total(): number;
  /**
   * Does not answer the calls after the first `count`, or only `most` of them, until the returned function is called.
   */
  holdAfter(count: number, most?: number): () => void;
  /** Resolves once `done()` is true. It is called after every call. */
  until(done: () => boolean): Promise<void>;
}

/** `answer` returns the status for a call; anything but 200 refuses it. */
export async function startWebhookSink(
  t: TestContext,
  answer: (who: string) => number = () => 200,
): Promise<WebhookSink> {
  const received = new Map<string, number>();
  const watchers = createWatchers();
  let total = 0;
  let hold = { after: Number.POSITIVE_INFINITY, most: 0, ...Promise.withResolvers<void>() };
  const server = createServer((request, response) => {
    const who = (request.url ?? '').slice(1);
    const status = answer(who);
    if (status === 200) {
      received.set(who, (received.get(who) ?? 0) + 1);
      total += 1;
    }
    const isHeld = total > hold.after && total - hold.after <= hold.most;
    const mayAnswer = isHeld ? hold.promise : Promise.resolve();
    request.resume().once('end', () => mayAnswer.then(() => response.writeHead(status).end()));
    watchers.look();
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => new Promise((closed) => server.close(closed)));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/{{\${user_id}}}`,
    host: `127.0.0.1:${port}`,
    received,
    total: () => total,
    holdAfter(count, most = Number.POSITIVE_INFINITY) {
      const held = { after: count, most, ...Promise.withResolvers<void>() };
      hold = held;
      return () => {
        held.after = Number.POSITIVE_INFINITY;
        held.resolve();
      };
    },
    until: watchers.until,
  };
}
