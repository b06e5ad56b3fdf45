import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pause } from '../rig/waiting.ts';
import { type Figure, median } from './figure.ts';
import { EVERYBODY, type HttpWorld, messageOf, startHttpWorld } from './http-world.ts';
import { isVerbose, numberOption } from './options.ts';

const PEOPLE = numberOption('people', 50_000);
const ROUNDS = numberOption('rounds', 3);
const LATENCY_MS = 20;
const LEAST_SHARE = 0.9;
const LEAST_PER_SECOND = 2_000;

/** A server that templates call, and how often it was called. */
interface ContentSource {
  origin: string;
  calls: number;
  latencyMs: number;
  stop(): void;
}

/**
 * Measures a broadcast of webhooks whose templates call a server: without a call, with one URL for everybody, and with a URL
 * of each person's own that is answered after 20 ms.
 */
export async function benchContent(): Promise<Figure[]> {
  const source = await startSource();
  const allow = [new URL(source.origin).host];
  const world = await startHttpWorld(PEOPLE, { connected_content: { allow } });
  try {
    const rounds: { plain: number; shared: number; sharedCalls: number; own: number }[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const plain = await perSecond(world, '');
      Object.assign(source, { calls: 0, latencyMs: LATENCY_MS });
      const shared = await perSecond(world, `{% connected_content ${source.origin}/one?${round} :save offer %}`);
      const sharedCalls = source.calls;
      const own = await perSecond(
        world,
        `{% connected_content ${source.origin}/own?${round}{{\${braze_id}}} :save offer %}`,
      );
      rounds.push({ plain, shared, sharedCalls, own });
      if (isVerbose) console.error(JSON.stringify(rounds.at(-1)));
    }
    return figuresOf(rounds.slice(1));
  } finally {
    source.stop();
    await world.stop();
  }
}

function figuresOf(rounds: readonly { plain: number; shared: number; sharedCalls: number; own: number }[]): Figure[] {
  // Ratios of runs that came one after the other, so that other work on the machine disturbs both alike.
  const share = median(rounds.map(({ plain, shared }) => shared / plain));
  const rate = (of: 'plain' | 'shared' | 'own') => Math.round(median(rounds.map((round) => round[of])));
  const calls = Math.max(...rounds.map(({ sharedCalls }) => sharedCalls));
  return [
    {
      what: `connected content, one URL for ${PEOPLE} people, against the same message without it`,
      value: `${share.toFixed(2)} (${rate('shared')}/s, without ${rate('plain')}/s), ${calls} ${calls === 1 ? 'call' : 'calls'}`,
      bar: `${LEAST_SHARE.toFixed(2)}, 1 call`,
      holds: share >= LEAST_SHARE && calls === 1,
    },
    {
      what: `connected content, a URL for each of ${PEOPLE} people, answered after ${LATENCY_MS} ms`,
      value: `${rate('own')}/s`,
      bar: `${LEAST_PER_SECOND}/s`,
      holds: rate('own') >= LEAST_PER_SECOND,
    },
  ];
}

/** Messages a second, from the request to the last message at the receiver. `tag`: what the template begins with. */
async function perSecond({ server, sink, people }: HttpWorld, tag: string): Promise<number> {
  await sink.reset(0);
  const message = messageOf('webhook', sink.url) as { body: string };
  const name = tag === '' ? '' : '{{offer.name}}';
  const webhook = { ...message, body: `${tag}${message.body.replace('"plan"', `"offer":"${name}","plan"`)}` };
  const start = performance.now();
  const { dispatch_id: id } = await server.post('/messages/send', { ...EVERYBODY, messages: { webhook } });
  await sink.until(people);
  const tookMs = performance.now() - start;
  while ((await server.get(`/dispatches/${id}`)).state !== 'finished') await pause(50);
  const counts = await sink.counts();
  if (counts.total !== people) throw new Error(`${counts.people} of ${people} got it, by ${counts.total} messages`);
  return people / (tookMs / 1_000);
}

async function startSource(): Promise<ContentSource> {
  const server = createServer((_request, response) => {
    source.calls += 1;
    const answer = () => response.writeHead(200, { 'content-type': 'application/json' }).end('{"name":"Shoe"}');
    setTimeout(answer, source.latencyMs);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  const source: ContentSource = { origin: `http://127.0.0.1:${port}`, calls: 0, latencyMs: 0, stop };
  return source;
}
