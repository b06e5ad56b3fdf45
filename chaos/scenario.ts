import { type Books, checkBooks, type Finding } from './books.ts';
import { type Event, EventLog, type OnEvent } from './events.ts';
import { drawPlan, type Step } from './plan.ts';
import { type Ended, untilEnded, untilTold } from './progress.ts';
import { IN_HAND, type Run, readBooks } from './read-books.ts';
import { type Damage, takeSteps } from './strike.ts';
import { sendBroadcasts, type World } from './world.ts';

/** The result of a run. Without problems, the run passed. */
export interface Outcome {
  events: readonly Event[];
  /** Other observations, a line each. */
  notes: readonly string[];
  channels: Finding['channels'];
  duplicates: Finding['duplicates'];
  problems: readonly string[];
}

/** Sends the broadcasts and follows the plan that is drawn from the seed. */
export function kills(world: World, count: number, onEvent: OnEvent): Promise<Outcome> {
  const { seed, delivery } = world;
  return follow(world, drawPlan({ seed, kills: count, delivery }), onEvent);
}

/** Sends the broadcasts and takes these steps. */
export async function follow(world: World, steps: readonly Step[], onEvent: OnEvent): Promise<Outcome> {
  const log = new EventLog(world, onEvent);
  const dispatchIds = await sendBroadcasts(world);
  const damage = await takeSteps(world, steps, (event) => log.add(event));
  const ended = await untilEnded(world);
  const notes = [damageNote(damage), ...notesOf(ended), durationNote(log.elapsedMs)];
  return conclude(world, { dispatchIds, damage, isCancelled: false }, log.events, notes);
}

function damageNote({ workers, cuts }: Damage): string {
  return `workers killed: ${workers}; connections to providers torn down: ${cuts} times, for two workers each; a worker has at most ${IN_HAND.push} pushes, ${IN_HAND.posts} texts and WhatsApp messages, and ${IN_HAND.mails} mails in hand`;
}

function toldNote({ relay }: World): string {
  const answers = [...relay.answers()].sort(([one], [other]) => one - other);
  const counts = answers.map(([status, count]) => `${count} × ${status === 0 ? 'no answer' : status}`);
  return `${relay.count()} callbacks of providers, passed on in random order and at least twice: ${counts.join(', ')}`;
}

export function durationNote(ms: number): string {
  return `everything had ended after ${(ms / 1_000).toFixed(0)} s`;
}

export function notesOf({ broughtForward }: Ended): string[] {
  if (broughtForward === 0) return [];
  return [`${broughtForward} mails and texts waited for a retry after minutes, which was brought forward`];
}

/** Checks the books. Servers that crashed count as problems, too, and so do answers that only a bug explains. */
export async function conclude(
  world: World,
  run: Run,
  events: readonly Event[],
  notes: readonly string[],
): Promise<Outcome> {
  await untilTold(world);
  const books: Books = await readBooks(world, run);
  const { channels, duplicates, problems } = checkBooks(books);
  const bugs = world.relay.answers().get(500) ?? 0;
  const answered = bugs > 0 ? [`${bugs} callbacks of providers were answered 500`] : [];
  return {
    ...{ events, channels, duplicates, notes: [...notes, ...worldNotes(world)] },
    problems: [...problems, ...answered, ...world.servers.crashes],
  };
}

function worldNotes(world: World): string[] {
  const { failedStarts } = world.servers;
  const replays = world.replayed.length;
  return [
    ...(replays > 0 ? [`${replays} times, a dispatch was set aside because of the kills, and was replayed`] : []),
    ...(world.relay.count() > 0 ? [toldNote(world)] : []),
    ...(failedStarts > 0 ? [`${failedStarts} starts of a server failed while the database was away`] : []),
  ];
}
