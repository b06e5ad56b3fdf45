import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { endAll } from '../lib/end-all.ts';
import type { Secret } from '../workspace/secrets.ts';
import { advanceInOrder } from './advance.ts';
import type { Wait } from './calls.ts';
import type { Fault, MessageFilter, Person, SentMessage } from './cresset.ts';
import { readDefinitions } from './definitions.ts';
import { Faults } from './faults.ts';
import { type Front, openFront } from './front.ts';
import { type Instance, onFreshDatabase } from './instance.ts';
import { Lag, type Reached } from './lag.ts';
import type { CheckedOptions } from './options.ts';
import type { PreparedDatabases } from './prepared.ts';
import { listPeople, listSent } from './reading.ts';
import { RunningClock } from './running-clock.ts';

/** How often a waiting call looks for new messages. Each look first waits until everything that is due is done. */
const LOOK_EVERY_MS = 10;
/** Most verdicts that are told when no message came. */
const MOST_VERDICTS = 5;

interface Started {
  instance: Instance;
  clock: RunningClock;
  lag: Lag;
}

export interface DoubleParts {
  databases: PreparedDatabases;
  log: Logger;
  secret: Secret;
}

/** One workspace: a front that stays, and behind it a server and a database that `reset` exchanges. */
export class Double {
  readonly url: string;
  readonly key: string;
  readonly #front: Front;
  readonly #faults: Faults;
  readonly #begin: () => Promise<Started>;
  #now: Started;
  /** The ends of servers that were exchanged. */
  readonly #ending: Promise<void>[] = [];

  private constructor(
    front: { front: Front; faults: Faults; key: string },
    begin: () => Promise<Started>,
    started: Started,
  ) {
    this.url = front.front.url;
    this.key = front.key;
    this.#front = front.front;
    this.#faults = front.faults;
    this.#begin = begin;
    this.#now = started;
  }

  static async open(parts: DoubleParts, options: CheckedOptions): Promise<Double> {
    const definitions = readDefinitions(options);
    const faults = new Faults();
    const front = await openFront(faults);
    const key = randomUUID();
    const { databases, log, secret } = parts;
    const rest = { log, secret, definitions, key, publicUrl: front.url };
    const begin = async (): Promise<Started> => {
      const clock = new RunningClock(options.startsAt ?? new Date());
      const instance = await onFreshDatabase(databases, { ...rest, clock, works: true });
      const lag = new Lag({
        clock,
        openBehind: () => reach(instance, async () => undefined),
        async openAhead() {
          const ahead = await onFreshDatabase(databases, { ...rest, clock, works: false });
          return reach(ahead, () => ahead.stop());
        },
      });
      front.use((request, response) => {
        // Whoever breaks off, or asks a server that ends, gets no answer.
        if (lag.isAbout(request)) lag.answer(request, response).catch(() => response.destroy());
        else instance.app.server?.routing(request, response);
      });
      return { instance, clock, lag };
    };
    try {
      return new Double({ front, faults, key }, begin, await begin());
    } catch (error) {
      await front.close();
      throw error;
    }
  }

  async people(): Promise<Person[]> {
    await this.#now.lag.settled();
    return listPeople(this.#now.instance, this.#now.clock.now());
  }

  async sent(filter: MessageFilter): Promise<SentMessage[]> {
    await this.#settle();
    return listSent(this.#now.instance, filter);
  }

  async waitForMessage({ filter, timeoutMs }: Wait): Promise<SentMessage> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const [first] = await this.sent(filter);
      if (first !== undefined) return first;
      if (performance.now() >= deadline) throw new Error(await this.#whyNone(filter, timeoutMs));
      await pause(LOOK_EVERY_MS);
    }
  }

  now(): Date {
    return this.#now.clock.now();
  }

  async advance(ms: number): Promise<void> {
    if (!Number.isFinite(ms) || ms < 0) throw new TypeError('clock.advance: expected a number of milliseconds from 0');
    const { clock, lag, instance } = this.#now;
    const way = {
      clock,
      nextWrite: () => lag.nextDue(),
      nextTask: instance.nextTask,
      settle: () => this.#settle(),
    };
    await advanceInOrder(way, ms);
  }

  lag(ms: number): Promise<void> {
    return this.#now.lag.set(ms);
  }

  async reset(): Promise<void> {
    this.#front.hold();
    this.#faults.clear();
    const before = this.#now;
    this.#now = await this.#begin();
    this.#end(before);
  }

  fail(fault: Fault): void {
    this.#faults.add(fault, this.#now.instance.app);
  }

  async close(): Promise<void> {
    this.#end(this.#now);
    await endAll(
      () => this.#front.close(),
      () => Promise.all(this.#ending),
    );
  }

  /** Waits until everything that is due is written and done. */
  async #settle(): Promise<void> {
    await this.#now.lag.settled();
    await this.#now.instance.drain();
  }

  /** Ends a server in the background. Its requests are answered first. */
  #end({ instance, lag }: Started): void {
    const end = endAll(
      () => lag.stop(),
      () => instance.stop(),
    );
    end.catch(() => undefined); // thrown when the double is closed
    this.#ending.push(end);
  }

  async #whyNone({ channel, externalId, dispatchId }: MessageFilter, timeoutMs: number): Promise<string> {
    const meant = Object.entries({ channel, externalId, dispatchId }).filter(([, value]) => value !== undefined);
    const wanted = meant.map(([name, value]) => `${name} ${value}`).join(', ') || 'anybody';
    const verdicts = externalId === undefined ? [] : await this.#verdictsOf(externalId);
    const told = verdicts.length === 0 ? '' : `; their latest sends: ${verdicts.join(', ')}`;
    return `no message to ${wanted} within ${timeoutMs} ms${told}`;
  }

  async #verdictsOf(externalId: string): Promise<string[]> {
    const { server } = this.#now.instance.app;
    const answer = await server?.inject({
      url: `/users/${encodeURIComponent(externalId)}/messages`,
      headers: { authorization: `Bearer ${this.key}` },
    });
    if (answer?.statusCode !== 200) return [];
    const { messages } = answer.json<{ messages: { channel: string; status: string; reason?: string | null }[] }>();
    return messages
      .slice(0, MOST_VERDICTS)
      .map(({ channel, status, reason }) => `${channel} ${status}${reason ? ` (${reason})` : ''}`);
  }
}

/** Makes a server reachable beside the front. `end`: what else ends with that. */
async function reach({ app }: Instance, end: () => Promise<void>): Promise<Reached> {
  const front = await openFront(new Faults());
  front.use((request, response) => app.server?.routing(request, response));
  return {
    url: front.url,
    stop: () =>
      endAll(
        () => front.close(),
        () => end(),
      ),
  };
}
