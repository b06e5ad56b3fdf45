import { pause } from '../rig/waiting.ts';
import { EventLog, type Tell } from './events.ts';
import { untilEnded, untilReached } from './progress.ts';
import { conclude, notesOf, type Outcome, took } from './scenario.ts';
import { sendBroadcasts, type World } from './world.ts';

const STOPPED_AT = 0.4;
const AWAY_MS = 20_000;
const ASK_EVERY_MS = 250;

/** PostgreSQL is stopped for 20 s in the middle of a broadcast, while a client keeps sending. */
export async function outage(world: World, tell: Tell): Promise<Outcome> {
  const { database, api } = world;
  const log = new EventLog(world, tell);
  const dispatchIds = await sendBroadcasts(world);
  await untilReached(world, world.expected * STOPPED_AT);
  await log.note('PostgreSQL stopped', STOPPED_AT);
  await database.halt('fast');
  const refusals = await askFor(world, AWAY_MS);
  await database.begin();
  await log.note('PostgreSQL started', STOPPED_AT);
  const backAt = performance.now();
  await api.ask('GET', `/dispatches/${dispatchIds[0]}`);
  const backMs = performance.now() - backAt;
  const ended = await untilEnded(world);
  const outcome = await conclude(
    world,
    { dispatchIds, damage: { workers: 0, cuts: 0 }, isCancelled: false },
    log.events,
    [
      `the API was asked ${refusals.length} times meanwhile and answered ${[...new Set(refusals)].join(', ')}`,
      `its first good answer came ${backMs.toFixed(0)} ms after PostgreSQL was back`,
      ...notesOf(ended),
      took(log.elapsedMs),
    ],
  );
  const others = refusals.filter((answer) => answer !== '503');
  const problems = others.length === 0 ? [] : [`the API answered ${others.length} times with something else than 503`];
  return { ...outcome, problems: [...outcome.problems, ...problems] };
}

/** What is answered to sends to one person, each asked for on its own. */
async function askFor({ api }: World, forMs: number): Promise<string[]> {
  const until = performance.now() + forMs;
  const body = { external_user_ids: ['p1'], messages: { webhook: { url: 'https://example.com/' } } };
  const answers: string[] = [];
  while (performance.now() < until) {
    const answer = await api
      .tryOnce('POST', '/messages/send', body)
      .then(({ status }) => String(status))
      .catch((error: Error) => `nothing (${error.message})`);
    answers.push(answer);
    await pause(ASK_EVERY_MS);
  }
  return answers;
}
