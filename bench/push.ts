import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pause } from '../rig/waiting.ts';
import type { PushProviderName } from '../src/simulate/all.ts';
import { cpuMs } from './cpu.ts';
import { type Figure, median } from './figure.ts';
import { isVerbose, listOption, numberOption, numbersOption } from './options.ts';
import type { PeerOrder, PeerRate } from './push-peer.ts';
import { type PushWorld, sendToEverybody, startPushWorld, untilAccepted } from './push-world.ts';

const ROUNDS = numberOption('rounds', 3);
const LATENCIES_MS = numbersOption('latency', [0, 20]);
const WANTED = listOption('provider', ['fcm', 'apns', 'web-push', 'adm']);
const BARE_BAR = 0.7;

interface Case {
  provider: PushProviderName;
  people: number;
  /** Our sender differs from a handwritten loop, so it is measured, too. */
  hasOwnSender: boolean;
  /** The library to compare with. null: there is none. */
  theirs: { name: string; bar: number | null } | null;
}

const cases: readonly Case[] = [
  {
    provider: 'fcm',
    people: numberOption('people', 100_000),
    hasOwnSender: true,
    theirs: { name: 'firebase-admin `sendEach` in 500s', bar: 1 },
  },
  {
    provider: 'apns',
    people: numberOption('people', 100_000),
    hasOwnSender: true,
    theirs: { name: '@parse/node-apn, 1,000 in flight', bar: null },
  },
  {
    provider: 'web-push',
    people: numberOption('people', 100_000),
    hasOwnSender: false,
    theirs: { name: '`web-push`, concurrency 100', bar: 2.5 },
  },
  { provider: 'adm', people: numberOption('people', 100_000), hasOwnSender: false, theirs: null },
];

/**
 * Measures one broadcast to everybody for each push protocol: the whole server, from the request to the last message at the
 * simulator, against a handwritten loop from memory, the same loop with our sender, and the usual library.
 */
export async function benchPush(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const given of cases) {
    if (!WANTED.includes(given.provider)) continue;
    const world = await startPushWorld(given.provider, given.people);
    const peer = await startPeer(given.provider, world);
    try {
      for (const latencyMs of LATENCIES_MS) figures.push(...(await measure(given, world, peer, latencyMs)));
    } finally {
      peer.stop();
      await world.stop();
    }
  }
  return figures;
}

async function measure(given: Case, world: PushWorld, peer: Peer, latencyMs: number): Promise<Figure[]> {
  await world.simulator.setFaults({ latency: latencyMs });
  const ours: Run[] = [];
  const bare: PeerRate[] = [];
  const sender: PeerRate[] = [];
  const theirs: PeerRate[] = [];
  const beside = async (kind: PeerOrder['kind'], rates: PeerRate[]) =>
    void rates.push(await counted(world, () => peer.run({ kind, latencyMs })));
  for (let round = 0; round <= ROUNDS; round += 1) {
    ours.push(await broadcast(given, world));
    await beside('bare', bare);
    if (given.hasOwnSender) await beside('sender', sender);
    if (given.theirs !== null) await beside('theirs', theirs);
    const last = { ours: ours.at(-1), bare: bare.at(-1), sender: sender.at(-1), theirs: theirs.at(-1) };
    if (isVerbose) console.error(given.provider, latencyMs, JSON.stringify(last));
  }
  const warm = <Rate>(rates: Rate[]) => rates.slice(1);
  return figuresOf(given, latencyMs, {
    ours: warm(ours),
    bare: warm(bare),
    sender: warm(sender),
    theirs: warm(theirs),
  });
}

interface Rounds {
  ours: Run[];
  bare: PeerRate[];
  /** Empty if our sender is the same as the bare loop. */
  sender: PeerRate[];
  theirs: PeerRate[];
}

function figuresOf({ provider, people, theirs }: Case, latencyMs: number, rounds: Rounds): Figure[] {
  const name = `${provider}, ${people} people, ${latencyMs} ms`;
  // Ratios of rounds that ran one after the other, so that other work on the machine disturbs both alike.
  const over = (one: PeerRate[], other: PeerRate[]) =>
    median(one.map(({ perSecond }, round) => perSecond / (other[round]?.perSecond ?? Number.NaN)));
  const rate = (list: PeerRate[]) => `${Math.round(median(list.map(({ perSecond }) => perSecond)))}/s`;
  const cpu = (list: PeerRate[]) => `${median(list.map((one) => one.cpuSecondsPer1000)).toFixed(3)} CPU-s per 1,000`;
  const toBare = over(rounds.ours, rounds.bare);
  const memory = Math.round(Math.max(...rounds.ours.map(({ peakMb }) => peakMb)));
  const figures: Figure[] = [
    {
      what: `push, ${name}: the whole server, against a bare loop from memory`,
      value: `${toBare.toFixed(2)} (${rate(rounds.ours)}, ${cpu(rounds.ours)} with the database, ${memory} MB; bare ${rate(rounds.bare)}, ${cpu(rounds.bare)})`,
      bar: BARE_BAR.toFixed(2),
      holds: toBare >= BARE_BAR,
    },
  ];
  if (rounds.sender.length > 0) {
    figures.push({
      what: `push, ${name}: the whole server, against the same loop with our own HTTP/2 client`,
      value: `${over(rounds.ours, rounds.sender).toFixed(2)} (${rate(rounds.sender)}, ${cpu(rounds.sender)})`,
      bar: '—',
      holds: true,
    });
  }
  if (theirs === null) return figures;
  const toTheirs = over(rounds.ours, rounds.theirs);
  figures.push({
    what: `push, ${name}: the whole server, against ${theirs.name} from memory`,
    value: `${toTheirs.toFixed(2)} (theirs ${rate(rounds.theirs)}, ${cpu(rounds.theirs)}; the bare loop ${over(rounds.bare, rounds.theirs).toFixed(2)})`,
    bar: theirs.bar?.toFixed(2) ?? '—',
    holds: theirs.bar === null || toTheirs >= theirs.bar,
  });
  return figures;
}

interface Run extends PeerRate {
  peakMb: number;
}

/** Measures from the request to the last message at the simulator, and returns when the dispatch has ended. */
async function broadcast({ provider }: Case, world: PushWorld): Promise<Run> {
  const { server, people } = world;
  await world.simulator.reset();
  const cpu = cpuMs(server);
  const start = performance.now();
  const { dispatch_id: id } = await sendToEverybody(world, provider);
  await untilAccepted(world, people);
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

async function counted(world: PushWorld, run: () => Promise<PeerRate>): Promise<PeerRate> {
  await world.simulator.reset();
  const rate = await run();
  await expectAllOnce(world);
  return rate;
}

async function expectAllOnce({ simulator, people }: PushWorld): Promise<void> {
  const { distinct, surplus } = await simulator.counts();
  if (distinct !== people || surplus !== 0) throw new Error(`${distinct} of ${people} got it, ${surplus} too many`);
}

/** Most resident memory of a process so far, in MB. Linux only. */
function peakMemoryMb(pid: number): number {
  return Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
}

interface Peer {
  run(order: PeerOrder): Promise<PeerRate>;
  stop(): void;
}

async function startPeer(provider: PushProviderName, { databaseUrl, simulator }: PushWorld): Promise<Peer> {
  const child: ChildProcess = spawn(
    process.execPath,
    [fileURLToPath(new URL('./push-peer.ts', import.meta.url)), provider, databaseUrl],
    {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: simulator.certificate },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  );
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`the peer ended with ${code}`);
  });
  failed.catch(() => undefined);
  await Promise.race([once(child, 'message'), failed]);
  return {
    async run(order) {
      child.send(order);
      const [rate] = (await Promise.race([once(child, 'message'), failed])) as [PeerRate];
      return rate;
    },
    stop: () => child.disconnect(),
  };
}
