import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { createWatchers } from '../../rig/watchers.ts';

/** A server of webhooks that remembers who was called, by the path: one path for each person. */
export interface WebhookSink {
  /** Where webhooks go, with the person's external id at the end. */
  url: string;
  /** `host:port`, for the list of inner hosts that may be reached. */
  host: string;
  /** Path without its slash → how many calls were answered with 200. */
  received: Map<string, number>;
  total(): number;
  /** Answers no call after the first `count` until the returned function is called. */
  holdAfter(count: number): () => void;
  /** Resolves once `done()` is true; asked after every call. */
  until(done: () => boolean): Promise<void>;
}

/** `answer` may refuse a call by another status than 200. */
export async function startWebhookSink(
  t: TestContext,
  answer: (who: string) => number = () => 200,
): Promise<WebhookSink> {
  const received = new Map<string, number>();
  const watchers = createWatchers();
  let total = 0;
  let hold = { after: Number.POSITIVE_INFINITY, ...Promise.withResolvers<void>() };
  const server = createServer((request, response) => {
    const who = (request.url ?? '').slice(1);
    const status = answer(who);
    if (status === 200) {
      received.set(who, (received.get(who) ?? 0) + 1);
      total += 1;
    }
    const mayAnswer = total > hold.after ? hold.promise : Promise.resolve();
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
    holdAfter(count) {
      const held = { after: count, ...Promise.withResolvers<void>() };
      hold = held;
      return () => {
        held.after = Number.POSITIVE_INFINITY;
        held.resolve();
      };
    },
    until: watchers.until,
  };
}
