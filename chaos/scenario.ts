import { type Books, checkBooks, type Finding } from './books.ts';
import { type Event, EventLog, type Tell } from './events.ts';
import { type Case, IN_HAND, readBooks } from './look.ts';
import { drawPlan, type Step } from './plan.ts';
import { type Ended, untilEnded } from './progress.ts';
import { type Damage, takeSteps } from './strike.ts';
import { sendBroadcasts, type World } from './world.ts';

/** What came of a run. It went well when there are no problems. */
export interface Outcome {
  events: readonly Event[];
  /** What else was seen, a line each. */
  notes: readonly string[];
  channels: Finding['channels'];
  duplicates: Finding['duplicates'];
  problems: readonly string[];
}

/** A broadcast, and everything that the plan of its seed does to it. */
export function kills(world: World, count: number, tell: Tell): Promise<Outcome> {
  const { seed, delivery } = world;
  return follow(world, drawPlan({ seed, kills: count, delivery }), tell);
}

/** A broadcast that these steps are done to. */
export async function follow(world: World, steps: readonly Step[], tell: Tell): Promise<Outcome> {
  const log = new EventLog(world, tell);
  const dispatchIds = await sendBroadcasts(world);
  const damage = await takeSteps(world, steps, (event) => log.add(event));
  const ended = await untilEnded(world);
  const notes = [damageNote(damage), ...notesOf(ended), took(log.elapsedMs)];
  return conclude(world, { dispatchIds, damage, isCancelled: false }, log.events, notes);
}

function damageNote({ workers, cuts }: Damage): string {
  return `workers killed: ${workers}; connections to providers torn down: ${cuts} times, of two workers each; in hand of a worker: at most ${IN_HAND.push} pushes, ${IN_HAND.email} mails`;
}

export function took(ms: number): string {
  return `everything had ended after ${(ms / 1_000).toFixed(0)} s`;
}

export function notesOf({ broughtForward }: Ended): string[] {
  if (broughtForward === 0) return [];
  return [`${broughtForward} mails waited for a try five minutes later, which was brought forward`];
}

/** The books, and servers that ended though nobody had ended them. */
export async function conclude(
  world: World,
  of: Case,
  events: readonly Event[],
  notes: readonly string[],
): Promise<Outcome> {
  const books: Books = await readBooks(world, of);
  const { channels, duplicates, problems } = checkBooks(books);
  const { crashes, failedStarts } = world.servers;
  const starts = failedStarts > 0 ? [`${failedStarts} starts of a server failed while the database was away`] : [];
  return { events, notes: [...notes, ...starts], channels, duplicates, problems: [...problems, ...crashes] };
}
