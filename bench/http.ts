import { pause } from '../rig/waiting.ts';
import { cpuMs, peakMemoryMb } from './cpu.ts';
import { type Figure, median } from './figure.ts';
import type { HttpOrder } from './http-peer.ts';
import { type HttpChannel, type HttpWorld, httpChannels, sendToEverybody, startHttpWorld } from './http-world.ts';
import { isVerbose, listOption, numberOption, numbersOption } from './options.ts';
import { type Peer, startPeer } from './peer.ts';
import type { PeerRate } from './peer-people.ts';

const PEOPLE = numberOption('people', 50_000);
const ROUNDS = numberOption('rounds', 3);
const LATENCIES_MS = numbersOption('latency', [0, 20]);
const WANTED = listOption('parts', httpChannels);
const BAR = 0.7;

interface Run extends PeerRate {
  peakMb: number;
}

/**
 * Measures one broadcast to everybody by webhook, by SMS and by WhatsApp: the whole server, from the request to the last
 * message at the receiver, against a loop over undici from memory.
 */
export async function benchHttp(): Promise<Figure[]> {
  const world = await startHttpWorld(PEOPLE);
  try {
    const figures: Figure[] = [];
    for (const channel of httpChannels) {
      if (!WANTED.includes(channel)) continue;
      const args = [channel, world.databaseUrl, world.sink.url];
      const peer = await startPeer<HttpOrder, PeerRate>('./http-peer.ts', args);
      for (const latencyMs of LATENCIES_MS) figures.push(await measure(world, channel, peer, latencyMs));
      peer.stop();
    }
    return figures;
  } finally {
    await world.stop();
  }
}

async function measure(
  world: HttpWorld,
  channel: HttpChannel,
  peer: Peer<HttpOrder, PeerRate>,
  latencyMs: number,
): Promise<Figure> {
  const rounds: { ours: Run; bare: PeerRate }[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const ours = await broadcast(world, channel, latencyMs);
    await world.sink.reset(latencyMs);
    const bare = await peer.run({ latencyMs });
    await expectAllOnce(world);
    rounds.push({ ours, bare });
    if (isVerbose) console.error(channel, latencyMs, JSON.stringify(rounds.at(-1)));
  }
  return figureOf(channel, latencyMs, rounds.slice(1));
}

function figureOf(channel: HttpChannel, latencyMs: number, rounds: readonly { ours: Run; bare: PeerRate }[]): Figure {
  // Ratios of rounds that ran one after the other, so that other work on the machine disturbs both alike.
  const ratio = median(rounds.map(({ ours, bare }) => ours.perSecond / bare.perSecond));
  const [ours, bare] = [rounds.map((round) => round.ours), rounds.map((round) => round.bare)];
  const rate = (list: PeerRate[]) => `${Math.round(median(list.map(({ perSecond }) => perSecond)))}/s`;
  const cpu = (list: PeerRate[]) => `${median(list.map((one) => one.cpuSecondsPer1000)).toFixed(3)} CPU-s per 1,000`;
  const memory = Math.round(Math.max(...ours.map(({ peakMb }) => peakMb)));
  return {
    what: `${channel}, ${PEOPLE} people, ${latencyMs} ms: the whole server, against a bare undici loop from memory`,
    value: `${ratio.toFixed(2)} (${rate(ours)}, ${cpu(ours)} with the database, ${memory} MB; bare ${rate(bare)}, ${cpu(bare)})`,
    bar: BAR.toFixed(2),
    holds: ratio >= BAR,
  };
}

/** Measures from the request to the last message at the receiver, and returns when the dispatch has ended. */
async function broadcast(world: HttpWorld, channel: HttpChannel, latencyMs: number): Promise<Run> {
  const { server, sink, people } = world;
  await sink.reset(latencyMs);
  const cpu = cpuMs(server);
  const start = performance.now();
  const { dispatch_id: id } = await sendToEverybody(world, channel);
  await sink.until(people);
  const tookMs = performance.now() - start;
  while ((await server.get(`/dispatches/${id}`)).state !== 'finished') await pause(50);
  const usedMs = cpuMs(server) - cpu;
  await expectAllOnce(world);
  return {
    perSecond: people / (tookMs / 1_000),
    cpuSecondsPer1000: usedMs / people,
    peakMb: peakMemoryMb(server.pid),
  };
}

async function expectAllOnce({ sink, people: wanted }: HttpWorld): Promise<void> {
  const { total, people } = await sink.counts();
  if (total !== wanted || people !== wanted) throw new Error(`${people} of ${wanted} got it, by ${total} messages`);
}
