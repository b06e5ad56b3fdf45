import { pause, persistently } from '../rig/waiting.ts';
import { sql } from '../src/db/sql.ts';
import type { Tell } from './events.ts';
import { describeStrike, type Step, type Strike } from './plan.ts';
import { untilReached } from './progress.ts';
import type { World } from './world.ts';

/** What was done that may leave messages in doubt. */
export interface Damage {
  /** Workers that were killed. */
  workers: number;
  /** Times that the connections to the providers were torn down; each worker had its own in hand. */
  cuts: number;
}

const DATABASE_PATIENCE_MS = 60_000;

/** Takes each step when it is due; tells of each at once. When all are taken, the weather is calm and all servers are up. */
export async function takeSteps(world: World, steps: readonly Step[], onEvent: Tell): Promise<Damage> {
  const startedAt = performance.now();
  const damage: Damage = { workers: 0, cuts: 0 };
  const weather = new Weather(world);
  for (const step of steps) {
    const due = Math.ceil(step.at * world.expected);
    const reached = await untilReached(world, due);
    const isTaken = reached >= due;
    const what = `${isTaken ? '' : 'not done, everything had ended: '}${describeStrike(step)}`;
    onEvent({ atMs: performance.now() - startedAt, reached, planned: step.at, what });
    if (isTaken) await perform(world, weather, step, damage);
  }
  await weather.calm();
  await world.servers.settled();
  return damage;
}

async function perform({ servers, database, db }: World, weather: Weather, strike: Strike, damage: Damage) {
  switch (strike.kind) {
    case 'kill':
      damage.workers += strike.victims.filter((name) => name !== 'api').length;
      await Promise.all(strike.victims.map((name) => servers.kill(name, strike.downMs)));
      break;
    case 'restart database':
      await database.restart(strike.mode, strike.downMs);
      break;
    case 'cut database connections':
      await persistently(DATABASE_PATIENCE_MS, () =>
        db.run(sql`
          select pg_terminate_backend(pid)
            from pg_stat_activity
           where backend_type = 'client backend' and pid <> pg_backend_pid()`),
      );
      break;
    case 'cut provider connections':
      damage.cuts += 1;
      await weather.cut(strike.forMs);
      break;
    case 'slow providers':
      await weather.change({ latencyMs: strike.latencyMs, faults: [] }, strike.forMs);
      break;
    case 'faulty providers':
      await weather.change({ latencyMs: 0, faults: strike.faults }, strike.forMs);
      break;
  }
}

interface Sky {
  latencyMs: number;
  faults: readonly string[];
}

/** How the providers are. It changes back by itself, unless something newer has come. */
class Weather {
  readonly #world: World;
  #changes = 0;
  #clearing: Promise<void>[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  async change(sky: Sky, forMs: number): Promise<void> {
    this.#changes += 1;
    const change = this.#changes;
    await this.#set(sky);
    const clearing = pause(forMs).then(async () => {
      if (change === this.#changes) await this.#set({ latencyMs: 0, faults: [] });
    });
    clearing.catch(() => undefined); // thrown by `calm`
    this.#clearing.push(clearing);
  }

  /** One request in 500 takes its connection down, with everything on it; mail connections end once. */
  async cut(forMs: number): Promise<void> {
    await this.change({ latencyMs: 0, faults: ['close:0.2%'] }, forMs);
    await this.#world.mail.cut();
  }

  async calm(): Promise<void> {
    await Promise.all(this.#clearing);
  }

  async #set({ latencyMs, faults }: Sky): Promise<void> {
    await this.#world.simulator.setFaults({ latency: latencyMs, fault: faults });
    await this.#world.mail.delay(latencyMs);
  }
}
