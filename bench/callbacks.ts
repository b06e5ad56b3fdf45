import { pause } from '../rig/waiting.ts';
import type { FloodOrder, FloodResult } from './callback-flood.ts';
import { type Figure, percentile } from './figure.ts';
import { type HttpWorld, messageOf, sendToEverybody, startHttpWorld } from './http-world.ts';
import { numberOption } from './options.ts';
import { startPeer } from './peer.ts';

/** Each person is sent one text, whose status then comes. */
const PEOPLE = numberOption('people', 50_000);
const CALLBACKS_PER_SECOND = 5_000;
const SENDS_PER_SECOND = 40;
const SENDS = 400;
const WARMING = 100;
const BAR_MS = 100;

/**
 * Measures the time from the request to send a webhook to one named person until the receiver has it: alone, and while
 * Twilio tells of 5,000 texts a second.
 */
export async function benchCallbacks(): Promise<Figure[]> {
  const world = await startHttpWorld(PEOPLE);
  const peer = await startPeer<FloodOrder, FloodResult>('./callback-flood.ts', [world.server.url]);
  try {
    await sendToEverybody(world, 'sms');
    await world.sink.until(PEOPLE);
    const callbacks = await world.sink.callbacks();
    await sendToEach(world, 0, WARMING);
    const alone = await sendToEach(world, WARMING, SENDS);
    const flood = peer.run({ callbacks, perSecond: CALLBACKS_PER_SECOND });
    const beside = await sendToEach(world, WARMING + SENDS, SENDS);
    return figuresOf(alone, beside, await flood);
  } finally {
    peer.stop();
    await world.stop();
  }
}

function figuresOf(alone: number[], beside: number[], flood: FloodResult): Figure[] {
  const written = (values: number[]) =>
    `${[0.5, 0.95, 0.99, 1].map((share) => percentile(values, share).toFixed(0)).join(' / ')} ms`;
  const p99 = percentile(beside, 0.99);
  return [
    {
      what: `webhook to one person, from the request until the receiver has it, ${SENDS_PER_SECOND}/s: p50 / p95 / p99 / most`,
      value: written(alone),
      bar: '—',
      holds: true,
    },
    {
      what: `the same while Twilio tells of ${CALLBACKS_PER_SECOND} texts a second`,
      value: written(beside),
      bar: `p99 ${BAR_MS} ms`,
      holds: p99 <= BAR_MS,
    },
    {
      what: 'the callbacks meanwhile, each answered after its commit: p50 / p99',
      value: `${flood.p50.toFixed(0)} / ${flood.p99.toFixed(0)} ms (${Math.round(flood.perSecond)}/s)`,
      bar: '—',
      holds: true,
    },
  ];
}

/** Sends to each person at an even rate, without waiting for earlier messages. Returns how long each took, in ms. */
async function sendToEach({ server, sink }: HttpWorld, from: number, count: number): Promise<number[]> {
  await sink.reset(0);
  const messages = { webhook: messageOf('webhook', sink.url) };
  const now = () => performance.timeOrigin + performance.now();
  const start = now();
  const sentAt = new Map<string, number>();
  const sending: Promise<unknown>[] = [];
  for (let index = 0; index < count; index += 1) {
    const name = `p${from + index + 1}`;
    sentAt.set(name, now());
    sending.push(server.post('/messages/send', { external_user_ids: [name], messages }));
    await pause(Math.max(0, start + ((index + 1) / SENDS_PER_SECOND) * 1_000 - now()));
  }
  await Promise.all(sending);
  await sink.until(count);
  const arrivals = await sink.arrivals();
  return [...sentAt].map(([name, at]) => (arrivals.get(name) ?? Number.NaN) - at);
}
