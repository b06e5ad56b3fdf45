import { pause } from '../../rig/waiting.ts';
import { ask, type Caller } from './timing.ts';

/** A console that shows a page, and reads it again whenever the stream of events says that it changed. */
export interface Watcher {
  /** How often it read its page. */
  readings(): number;
  stop(): Promise<void>;
}

const PAGES = ['dispatch', 'home'] as const;

/** Opens consoles. Of each five, three show the dispatch, and two the home page. */
export async function watch(callers: readonly Caller[], dispatchId: string): Promise<Watcher> {
  const end = new AbortController();
  let readings = 0;
  const consoles = callers.map(async (caller, index) => {
    const shown = PAGES[index % PAGES.length];
    const of = `dispatches/${dispatchId}`;
    const paths = shown === 'home' ? ['home'] : [of, `${of}/people`, `${of}/recipients?limit=100`];
    const read = async () => {
      await Promise.all(paths.map((path) => ask(caller, { path })));
      readings += 1;
    };
    await read();
    for await (const change of changesOf(caller, end.signal)) if (isAbout(change, shown, dispatchId)) await read();
  });
  return {
    readings: () => readings,
    async stop() {
      end.abort();
      await Promise.all(consoles);
    },
  };
}

interface Change {
  topics: string[];
  dispatches: string[] | null;
}

function isAbout({ dispatches }: Change, shown: string | undefined, id: string): boolean {
  return dispatches === null || (shown === 'home' ? dispatches.length > 0 : dispatches.includes(id));
}

/** The changes that the stream names. While a page is read, those that come are one, as in the console. */
async function* changesOf({ url, cookie }: Caller, signal: AbortSignal): AsyncGenerator<Change> {
  const response = await fetch(`${url}/operator/v1/events`, { headers: { cookie }, signal });
  if (!response.ok || response.body === null) throw new Error(`events: ${response.status}`);
  let text = '';
  const waiting: Change[] = [];
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data !== undefined) waiting.push(JSON.parse(data) as Change);
      }
    }
  })().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  while (!signal.aborted) {
    const all = waiting.splice(0);
    if (all.length === 0) await Promise.race([pause(50), reading]);
    else yield { topics: all.flatMap(({ topics }) => topics), dispatches: idsOf(all) };
  }
  await reading;
}

function idsOf(all: readonly Change[]): string[] | null {
  return all.some(({ dispatches }) => dispatches === null) ? null : all.flatMap(({ dispatches }) => dispatches ?? []);
}
