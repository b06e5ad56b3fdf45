import { pause, persistently } from '../rig/waiting.ts';
import { sql } from '../src/db/sql.ts';
import type { OnEvent } from './events.ts';
import { describeStrike, type Step, type Strike } from './plan.ts';
import { untilReached } from './progress.ts';
import type { World } from './world.ts';

/** The strikes that may leave messages in doubt. */
export interface Damage {
  /** Number of workers killed. */
  workers: number;
  /** Number of times that all workers' connections to the providers were torn down. */
  cuts: number;
}

const DATABASE_PATIENCE_MS = 60_000;

/** Takes each step when it is due and reports it. Resolves when the providers are well and all servers are up again. */
export async function takeSteps(world: World, steps: readonly Step[], onEvent: OnEvent): Promise<Damage> {
  const startedAt = performance.now();
  const damage: Damage = { workers: 0, cuts: 0 };
  const providers = new Providers(world);
  for (const step of steps) {
    const due = Math.ceil(step.at * world.expected);
    const reached = await untilReached(world, due);
    const isTaken = reached >= due;
    const what = `${isTaken ? '' : 'skipped because everything had ended: '}${describeStrike(step)}`;
    onEvent({ atMs: performance.now() - startedAt, reached, planned: step.at, what });
    if (isTaken) await perform(world, providers, step, damage);
  }
  await providers.allWell();
  await world.servers.allUp();
  return damage;
}

async function perform({ servers, database, db }: World, providers: Providers, strike: Strike, damage: Damage) {
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
      await providers.cut(strike.forMs);
      break;
    case 'slow providers':
      await providers.change({ latencyMs: strike.latencyMs, faults: [] }, strike.forMs);
      break;
    case 'faulty providers':
      await providers.change({ latencyMs: 0, faults: strike.faults }, strike.forMs);
      break;
  }
}

interface Conditions {
  latencyMs: number;
  faults: readonly string[];
}

/** Makes the providers slow or faulty for a while. They recover by themselves, unless a newer change has come. */
class Providers {
  readonly #world: World;
  #changes = 0;
  #recoveries: Promise<void>[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  async change(conditions: Conditions, forMs: number): Promise<void> {
    this.#changes += 1;
    const change = this.#changes;
    await this.#set(conditions);
    const recovery = pause(forMs).then(async () => {
      if (change === this.#changes) await this.#set({ latencyMs: 0, faults: [] });
    });
    recovery.catch(() => undefined); // thrown by `allWell`
    this.#recoveries.push(recovery);
  }

  /** One push request in 500 tears down its connection with everything on it. All mail connections end once. */
  async cut(forMs: number): Promise<void> {
    await this.change({ latencyMs: 0, faults: ['close:0.2%'] }, forMs);
    await this.#world.mail.cut();
  }

  async allWell(): Promise<void> {
    await Promise.all(this.#recoveries);
  }

  async #set({ latencyMs, faults }: Conditions): Promise<void> {
    await this.#world.simulator.setFaults({ latency: latencyMs, fault: faults });
    await this.#world.mail.delay(latencyMs);
  }
}
