import type { KeyObject } from 'node:crypto';
import type { Logger } from 'pino';
import type { Database } from '../../db/database.ts';
import type { Intake } from '../../feedback/intake.ts';
import { takeFeedback } from '../../feedback/take.ts';
import { HIDDEN_URL, readPerson, readTarget, trackingKeys } from '../../feedback/tracking/links.ts';
import { CODE_LENGTH, findShortLink } from '../../feedback/tracking/short-links.ts';
import { eventOf, type Visit } from '../../feedback/tracking/visit.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Catalog } from '../../workspace/catalog.ts';
import type { Page, PageAnswer, PageRequest } from '../page.ts';

export interface TrackingDeps {
  db: Database;
  clock: Clock;
  log: Logger;
  catalog: Catalog;
  intake: Intake;
  secret: KeyObject;
}

/** A picture of one transparent pixel. */
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
const LOG_EVERY_MS = 60_000;

const headers = {
  'cache-control': 'no-store, private, max-age=0',
  'x-robots-tag': 'noindex',
  'x-content-type-options': 'nosniff',
};

/**
 * What tracked links and pixels lead to. For those in mails nothing is read: a link holds where it leads, and its signature
 * covers that. A short link of a text takes one look-up. No answer waits until the event is stored, so links in mails work while the database does not. HEAD is answered as GET
 * and is no event, since only machines ask so.
 */
export function trackingPages(deps: TrackingDeps): Page[] {
  const keys = trackingKeys(deps.secret);
  const note = noter(deps);
  const follow = async (request: PageRequest, isEvent: boolean): Promise<PageAnswer> => {
    const send = readPerson(keys, request.params.person ?? '');
    const url = send === null ? null : readTarget(keys, send.dispatchId, request.params['*'] ?? '');
    if (send === null || url === null) return notFound;
    if (isEvent) note({ send, url, ...visitorIn(request) });
    return url === HIDDEN_URL ? said(200, '') : { ...said(302, ''), headers: { location: url } };
  };
  const open = async (request: PageRequest, isEvent: boolean): Promise<PageAnswer> => {
    const send = readPerson(keys, request.params.person ?? '');
    if (send === null) return notFound;
    if (isEvent) note({ send, url: null, ...visitorIn(request) });
    return { status: 200, type: 'image/gif', body: PIXEL };
  };
  const followShort = async (request: PageRequest, isEvent: boolean): Promise<PageAnswer> => {
    const found = await findShortLink(deps.db.byKey, request.params.code ?? '');
    if (found === null) return notFound;
    if (isEvent) note({ ...found, ...visitorIn(request) });
    return { ...said(302, ''), headers: { location: found.url } };
  };
  return (
    [
      ['/l/:person/*', follow],
      ['/o/:person', open],
      [`/:code(^[A-Za-z0-9]{${CODE_LENGTH}}$)`, followShort],
    ] as const
  ).flatMap(([path, answer]): Page[] => [
    { method: 'GET', path, headers, handle: (request) => answer(request, true) },
    { method: 'HEAD', path, headers, handle: (request) => answer(request, false) },
  ]);
}

const notFound = said(404, 'This link is not valid.');

function said(status: number, body: string): PageAnswer {
  return { status, type: 'text/plain; charset=utf-8', body };
}

function visitorIn({ headers }: PageRequest): Pick<Visit, 'userAgent' | 'purpose'> {
  const text = (name: string) => String(headers[name] ?? '');
  return { userAgent: text('user-agent'), purpose: `${text('purpose')} ${text('sec-purpose')}` };
}

/** Takes visits in. Those that cannot be stored are lost, counted, and logged once a minute. */
function noter({ clock, log, catalog, intake }: TrackingDeps): (visit: Omit<Visit, 'at'>) => void {
  let [lost, loggedAtMs] = [0, Number.NEGATIVE_INFINITY];
  const lose = (error: unknown) => {
    lost += 1;
    const nowMs = clock.now().getTime();
    if (nowMs - loggedAtMs < LOG_EVERY_MS) return;
    log.warn({ err: error, lost }, 'opens and clicks could not be stored');
    [lost, loggedAtMs] = [0, nowMs];
  };
  return (visit) => {
    const { workspaceId } = visit.send;
    if (catalog.workspace(workspaceId) === undefined) return;
    takeFeedback({ intake }, workspaceId, [eventOf({ ...visit, at: clock.now() })]).catch(lose);
  };
}
