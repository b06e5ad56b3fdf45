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
  /** Time of all processors that server and database used for a message, in milliseconds. */
  cpuMs: number;
}

/**
 * A broadcast to everybody at full speed, once all of its sends are written. By turns nobody watches, and five consoles do;
 * each turn is compared with those around it. It is cancelled after the last turn. Scrapes are measured before it.
 */
export async function measureWatching(world: ConsoleWorld, caller: Caller): Promise<Figure[]> {
  const { server, simulator } = world;
  // A session has at most three streams.
  const cookies = [caller.cookie, await world.cookie()];
  const callers = Array.from({ length: CONSOLES }, (_, n) => ({ ...caller, cookie: cookies[n % 2] ?? '' }));
  await endOthers(world);
  const scrape = await scrapeMs(world, caller);
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
  for (let turn = 0; turn < numberOption('turns', 6); turn += 1)
    windows.push(await windowOf(world, () => watch(callers, id)), await windowOf(world, null));
  await server.order(id, 'cancel');
  return [lossOf(windows), scrapesOf(scrape, windows)];
}

/** Cancels what an earlier run with the same data left. */
async function endOthers({ server }: ConsoleWorld): Promise<void> {
  for (const state of ['accepted', 'sending']) {
    const { dispatches } = await server.get<{ dispatches: { dispatch_id: string }[] }>(`/dispatches?state=${state}`);
    for (const { dispatch_id: id } of dispatches) await server.order(id, 'cancel');
  }
}

async function windowOf({ server, simulator }: ConsoleWorld, begin: (() => Promise<Watcher>) | null): Promise<Window> {
  const watcher = await begin?.();
  await pause(SETTLING_MS);
  const state = async () => ({ at: performance.now(), cpu: cpuMs(server), sent: (await simulator.counts()).accepted });
  const before = await state();
  await pause(WINDOW_MS);
  const after = await state();
  await watcher?.stop();
  const sent = after.sent - before.sent;
  if (sent === 0) throw new Error('nothing was sent in a window: the broadcast is over');
  const perSecond = (sent / (after.at - before.at)) * 1_000;
  const window = { isWatched: begin !== null, perSecond, cpuMs: (after.cpu - before.cpu) / sent };
  if (isVerbose) console.error(perSecond.toFixed(0), window.cpuMs.toFixed(4), watcher?.readings() ?? 'nobody');
  return window;
}

/** Each turn is compared with the mean of those before and after it in which nobody watches. */
function ratioOf(windows: readonly Window[], of: (window: Window) => number): number {
  const ratios = windows.flatMap((window, index) => {
    const [before, after] = [windows[index - 1], windows[index + 1]];
    if (!window.isWatched || before === undefined || after === undefined) return [];
    return [(2 * of(window)) / (of(before) + of(after))];
  });
  return median(ratios);
}

function lossOf(windows: readonly Window[]): Figure {
  const lost = 1 - ratioOf(windows, ({ perSecond }) => perSecond);
  const work = ratioOf(windows, (window) => window.cpuMs) - 1;
  const alone = median(unwatched(windows).map(({ perSecond }) => perSecond));
  return {
    what: `a broadcast at ${alone.toFixed(0)} pushes a second, watched by ${CONSOLES} consoles: loss; processor time of server and database for a push`,
    value: `${percent(lost)}; ${work < 0 ? '' : '+'}${percent(work)}`,
    bar: '3 %',
    holds: lost <= MOST_LOST,
  };
}

function unwatched(windows: readonly Window[]): Window[] {
  return windows.filter(({ isWatched }) => !isWatched);
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

function scrapesOf(ms: number, windows: readonly Window[]): Figure {
  const share = ms / USUAL_SCRAPE_S / median(unwatched(windows).map((one) => one.perSecond * one.cpuMs));
  return {
    what: `processor time of a scrape of /metrics; one every ${USUAL_SCRAPE_S} s takes of what the broadcast uses`,
    value: `${ms.toFixed(1)} ms; ${(share * 100).toFixed(3)} %`,
    bar: '1 %',
    holds: share <= MOST_OF_SCRAPES,
  };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
