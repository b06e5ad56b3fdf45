import { SEGMENT } from '../../rig/simulator.ts';
import { pause, untilTrue } from '../../rig/waiting.ts';
import { cpuMs } from '../cpu.ts';
import { type Figure, median } from '../figure.ts';
import { isVerbose, numberOption } from '../options.ts';
import { ask, type Caller } from './timing.ts';
import { type Watcher, watch } from './watching.ts';
import type { ConsoleWorld } from './world.ts';

const CONSOLES = 5;
const WINDOW_MS = 6_000;
/** Time from a change of who watches until a window begins, in milliseconds. */
const SETTLING_MS = 1_000;
const EXPANSION_MS = 180_000;
const MOST_LOST = 0.03;

interface Window {
  isWatched: boolean;
  perSecond: number;
}

const BROADCASTS = 2;

/**
 * Broadcasts to everybody at full speed, once all of their sends are written. By turns nobody watches, and five consoles do;
 * each turn is compared with those around it. A broadcast is cancelled after its last turn. Scrapes are measured before.
 */
export async function measureWatching(world: ConsoleWorld, caller: Caller): Promise<Figure[]> {
  // A session has at most three streams.
  const cookies = [caller.cookie, await world.cookie()];
  const callers = Array.from({ length: CONSOLES }, (_, n) => ({ ...caller, cookie: cookies[n % 2] ?? '' }));
  await endOthers(world);
  const scrape = await scrapeMs(world, caller);
  const windows: Window[] = [];
  for (let broadcast = 0; broadcast < BROADCASTS; broadcast += 1) windows.push(...(await watchOne(world, callers)));
  return [lossOf(windows), scrapesOf(scrape)];
}

/** The windows of one broadcast. The first and the last are not watched. */
async function watchOne(world: ConsoleWorld, callers: readonly Caller[]): Promise<Window[]> {
  const { server, simulator, people } = world;
  const message = {
    title: 'Hello {{${first_name} | default: "you"}}',
    alert: 'Points: {{custom_attribute.${points}}}',
  };
  await simulator.reset();
  const { dispatch_id: id } = await server.post('/messages/send', {
    ...{ broadcast: true, segment_id: SEGMENT, messages: { android_push: message } },
  });
  await untilTrue('the expansion', EXPANSION_MS, async () => {
    await pause(1_000);
    return (await server.get<{ expanded_at: string | null }>(`/dispatches/${id}`)).expanded_at !== null;
  });
  const windows: Window[] = [await windowOf(world, null)];
  for (let turn = 0; turn < numberOption('turns', 3); turn += 1) {
    const most = Math.max(...windows.map(({ perSecond }) => perSecond));
    const needed = (2 * (WINDOW_MS + 2 * SETTLING_MS) * most) / 1_000;
    if (people - (await simulator.counts()).accepted < needed) break;
    windows.push(await windowOf(world, () => watch(callers, id)), await windowOf(world, null));
  }
  await server.order(id, 'cancel');
  return windows;
}

/** Cancels what an earlier run with the same data left. */
async function endOthers({ server }: ConsoleWorld): Promise<void> {
  for (const state of ['accepted', 'sending']) {
    const { dispatches } = await server.get<{ dispatches: { dispatch_id: string }[] }>(`/dispatches?state=${state}`);
    for (const { dispatch_id: id } of dispatches) await server.order(id, 'cancel');
  }
}

async function windowOf({ simulator }: ConsoleWorld, begin: (() => Promise<Watcher>) | null): Promise<Window> {
  const watcher = await begin?.();
  await pause(SETTLING_MS);
  const state = async () => ({ at: performance.now(), sent: (await simulator.counts()).accepted });
  const before = await state();
  await pause(WINDOW_MS);
  const after = await state();
  await watcher?.stop();
  const sent = after.sent - before.sent;
  if (sent === 0) throw new Error('nothing was sent in a window: the broadcast is over');
  const perSecond = (sent / (after.at - before.at)) * 1_000;
  if (isVerbose) console.error(perSecond.toFixed(0), watcher?.readings() ?? 'nobody');
  return { isWatched: begin !== null, perSecond };
}

/** Each turn is compared with the mean of those before and after it in which nobody watches. */
function ratioOf(windows: readonly Window[]): number {
  const ratios = windows.flatMap((window, index) => {
    const [before, after] = [windows[index - 1], windows[index + 1]];
    if (!window.isWatched || before === undefined || after === undefined) return [];
    return [(2 * window.perSecond) / (before.perSecond + after.perSecond)];
  });
  return median(ratios);
}

function lossOf(windows: readonly Window[]): Figure {
  const lost = 1 - ratioOf(windows);
  const alone = median(windows.filter(({ isWatched }) => !isWatched).map(({ perSecond }) => perSecond));
  const turns = windows.filter(({ isWatched }) => isWatched).length;
  return {
    what: `loss of a broadcast at ${alone.toFixed(0)} pushes a second while ${CONSOLES} consoles watch it, median of ${turns} turns`,
    value: percent(lost),
    bar: '3 %',
    holds: lost <= MOST_LOST,
  };
}

const SCRAPES = 40;
/** Scrapes that come faster share an answer. */
const SCRAPE_EVERY_MS = 260;
/** How often Prometheus comes. */
const USUAL_SCRAPE_S = 15;
const MOST_OF_SCRAPES = 0.01;

/** Processor time of server and database for a scrape, in milliseconds, without what they use anyway. */
async function scrapeMs({ server }: ConsoleWorld, caller: Caller): Promise<number> {
  const usedFor = async (work: () => Promise<unknown>) => {
    const before = cpuMs(server);
    for (let round = 0; round < SCRAPES; round += 1) {
      await work();
      await pause(SCRAPE_EVERY_MS);
    }
    return cpuMs(server) - before;
  };
  const idle = await usedFor(async () => undefined);
  return ((await usedFor(() => ask(caller, { path: '/metrics' }))) - idle) / SCRAPES;
}

function scrapesOf(ms: number): Figure {
  const share = ms / USUAL_SCRAPE_S / 1_000;
  return {
    what: `processor time of server and database for a scrape of /metrics; share of one processor, if one comes every ${USUAL_SCRAPE_S} s`,
    value: `${ms.toFixed(1)} ms; ${(share * 100).toFixed(3)} %`,
    bar: '1 %',
    holds: share <= MOST_OF_SCRAPES,
  };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
