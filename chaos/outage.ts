import { pause } from '../rig/waiting.ts';
import { EventLog, type OnEvent } from './events.ts';
import { untilEnded, untilReached } from './progress.ts';
import { conclude, durationNote, notesOf, type Outcome } from './scenario.ts';
import { sendBroadcasts, type World } from './world.ts';

const STOPPED_AT = 0.4;
const AWAY_MS = 20_000;
const ASK_EVERY_MS = 250;

/** Stops PostgreSQL for 20 s in the middle of a broadcast, while a client keeps sending. */
export async function outage(world: World, onEvent: OnEvent): Promise<Outcome> {
  const { database, api } = world;
  const log = new EventLog(world, onEvent);
  const dispatchIds = await sendBroadcasts(world);
  await untilReached(world, world.expected * STOPPED_AT);
  await log.note('PostgreSQL stopped', STOPPED_AT);
  await database.halt('fast');
  const answers = await sendFor(world, AWAY_MS);
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
      `meanwhile the API was asked ${answers.length} times and answered ${[...new Set(answers)].join(', ')}`,
      `its first good answer came ${backMs.toFixed(0)} ms after PostgreSQL was back`,
      ...notesOf(ended),
      durationNote(log.elapsedMs),
    ],
  );
  const others = answers.filter((answer) => answer !== '503');
  const problems = others.length === 0 ? [] : [`the API gave ${others.length} answers other than 503`];
  return { ...outcome, problems: [...outcome.problems, ...problems] };
}

/** Sends to one person again and again, without retries, and returns the answers. */
async function sendFor({ api }: World, forMs: number): Promise<string[]> {
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
