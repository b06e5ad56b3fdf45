import type { Database } from '../db/database.ts';
import { type Batcher, createBatcher } from '../lib/batcher.ts';
import type { Clock } from '../lib/clock.ts';
import { nameKey, type PersonKey, resolveNames } from '../people/profile/identify.ts';
import { type Feed, readFeeds } from './feed.ts';

/** A person's feed is asked for. `tag`: the state that the client has. null: it has none. */
export interface FeedRequest {
  workspaceId: number;
  externalId: string;
  tag: string | null;
}

export type FeedReader = Batcher<FeedRequest, Feed>;

/** Most feeds that are read at once: in the worst case 250 cards of 3 KB each. */
const AT_ONCE = 50;
/** The feed of a person who is not known has a state of its own, so that a client notices the first card. */
const NOBODY = 'nobody';

/** Reads feeds. Requests that arrive while some are read are read together by the next two statements. */
export function createFeedReader({
  db,
  clock,
  whenFull,
}: {
  db: Database;
  clock: Clock;
  whenFull(): Error;
}): FeedReader {
  return createBatcher<FeedRequest, Feed>({
    run: (requests) => read(db, requests, clock.now()),
    maxItems: AT_ONCE,
    maxWaiting: 5_000,
    whenFull,
  });
}

async function read(db: Database, requests: readonly FeedRequest[], now: Date): Promise<Feed[]> {
  const people = await findPeople(db, requests);
  const known = requests.flatMap((request) => {
    const person = people.get(request);
    return person === undefined ? [] : [{ request, ...person, tag: request.tag }];
  });
  const feeds = await readFeeds(db.byKey, known, now);
  const feedOf = new Map(known.map(({ request }, index) => [request, feeds[index]]));
  return requests.map((request) => feedOf.get(request) ?? { tag: NOBODY, cards: request.tag === NOBODY ? null : [] });
}

async function findPeople(db: Database, requests: readonly FeedRequest[]): Promise<Map<FeedRequest, PersonKey>> {
  const found = new Map<FeedRequest, PersonKey>();
  for (const [workspaceId, ofWorkspace] of Map.groupBy(requests, (request) => request.workspaceId)) {
    const names = ofWorkspace.map(({ externalId }) => ({ label: '', name: externalId }));
    const people = await resolveNames(db.byKey, workspaceId, names);
    for (const request of ofWorkspace) {
      const person = people.get(nameKey('', request.externalId));
      if (person !== undefined) found.set(request, person);
    }
  }
  return found;
}
