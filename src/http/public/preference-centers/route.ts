import type { KeyObject } from 'node:crypto';
import type { Database } from '../../../db/database.ts';
import { centerPath } from '../../../dispatch/admit/center-links.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import { shown } from '../../../lib/raw/json.ts';
import { isStorable } from '../../../lib/raw/storable.ts';
import { resolveNames } from '../../../people/profile/identify.ts';
import {
  createCenter,
  findCenter,
  listCenters,
  MOST_CENTERS,
  type PreferenceCenter,
  updateCenter,
} from '../../../workspace/preference-centers.ts';
import type { Answer, RateBucket, Route, RouteRequest } from '../../route.ts';
import { readCenterName, readCenterTexts } from './request.ts';

export interface PreferenceCenterDeps {
  db: Database;
  clock: Clock;
  secret: KeyObject;
  /** Base URL of links to people, without a slash at the end. */
  publicUrl: string;
  /** Resolves when this server has read the operator's definitions again. */
  refreshCatalog(): Promise<void>;
}

const MINUTE_MS = 60_000;
const reading: RateBucket = { name: 'preference_center_read', limit: 1_000, windowMs: MINUTE_MS };
const writing: RateBucket = { name: 'preference_center_write', limit: 10, windowMs: MINUTE_MS };
const list = '/preference_center/v1/list';
const one = '/preference_center/v1/:preference_center_id';

/** Preference centers: pages on which people choose what they get. Source: more-endpoints.md §8. */
export function preferenceCenterRoutes(deps: PreferenceCenterDeps): Route[] {
  const read = { method: 'GET', bucket: () => reading } as const;
  const write = { permission: 'preference_center.update', bucket: () => writing } as const;
  return [
    { ...read, path: list, permission: 'preference_center.list', handle: (request) => handleList(deps, request) },
    { ...read, path: one, permission: 'preference_center.get', handle: (request) => handleGet(deps, request) },
    {
      ...{ ...read, path: `${one}/url/:external_id`, permission: 'preference_center.user.get' },
      handle: (request) => handleUrl(deps, request),
    },
    { ...write, method: 'POST', path: '/preference_center/v1', handle: (request) => handleCreate(deps, request) },
    { ...write, method: 'PUT', path: one, handle: (request) => handleUpdate(deps, request) },
    // A published sample of the original updates with POST.
    { ...write, method: 'POST', path: one, handle: (request) => handleUpdate(deps, request) },
  ];
}

function timesOf({ createdAt, updatedAt }: Pick<PreferenceCenter, 'createdAt' | 'updatedAt'>) {
  return { created_at: createdAt.toISOString(), updated_at: updatedAt.toISOString() };
}

async function handleCreate(deps: PreferenceCenterDeps, { body, workspaceId }: RouteRequest): Promise<Answer> {
  const name = readCenterName(body);
  const made = await createCenter(deps.db, { workspaceId, name, texts: readCenterTexts(body), now: deps.clock.now() });
  if (made === 'taken') throw new RequestError('bad_request', [`name: another preference center is named ${name}`]);
  if (made === 'full') throw new RequestError('bad_request', [`name: a workspace has at most ${MOST_CENTERS} of them`]);
  await deps.refreshCatalog();
  const liquid_tag = `{{preference_center.\${${name}}}}`;
  const created_at = made.createdAt.toISOString();
  return { status: 201, body: { preference_center_api_id: made.id, liquid_tag, created_at, message: 'success' } };
}

async function handleUpdate(deps: PreferenceCenterDeps, request: RouteRequest): Promise<Answer> {
  const { body, workspaceId } = request;
  const id = idOf(request);
  const texts = readCenterTexts(body);
  const changed = await updateCenter(deps.db, { workspaceId, id, texts, now: deps.clock.now() });
  if (changed === null) throw unknown(id);
  await deps.refreshCatalog();
  return { status: 200, body: { preference_center_api_id: id, ...timesOf(changed), message: 'success' } };
}

async function handleList({ db }: PreferenceCenterDeps, { workspaceId }: RouteRequest): Promise<Answer> {
  const centers = (await listCenters(db, workspaceId)).map((center) => ({
    ...{ name: center.name, preference_center_api_id: center.id },
    ...timesOf(center),
  }));
  return { status: 200, body: { preference_centers: centers, message: 'success' } };
}

async function handleGet(deps: PreferenceCenterDeps, request: RouteRequest): Promise<Answer> {
  const center = await centerOf(deps, request);
  return {
    status: 200,
    body: {
      ...{ name: center.name, preference_center_api_id: center.id },
      ...timesOf(center),
      preference_center_title: center.title,
      preference_center_page_html: center.pageHtml,
      confirmation_page_html: center.confirmationHtml,
      redirect_page_html: null,
      preference_center_options: center.options,
      state: center.state,
      message: 'success',
    },
  };
}

async function handleUrl(deps: PreferenceCenterDeps, request: RouteRequest): Promise<Answer> {
  const { db, secret, publicUrl, clock } = deps;
  const { workspaceId, params } = request;
  const center = await centerOf(deps, request);
  if (center.state === 'draft') throw new RequestError('bad_request', ['the preference center is a draft']);
  const name = params.external_id ?? '';
  const [person] = isStorable(name) ? (await resolveNames(db, workspaceId, [{ label: '', name }])).values() : [];
  if (person === undefined) throw new RequestError('bad_request', ['nobody has this external id']);
  const path = centerPath(secret, { ...person, centerId: center.id, workspaceId }, clock.now());
  return { status: 200, body: { preference_center_url: `${publicUrl}${path}`, message: 'success' } };
}

async function centerOf({ db }: PreferenceCenterDeps, request: RouteRequest): Promise<PreferenceCenter> {
  const id = idOf(request);
  const center = await findCenter(db, request.workspaceId, id);
  if (center === null) throw unknown(id);
  return center;
}

/** Throws RequestError if the path has no id of a preference center. */
function idOf({ params: { preference_center_id: id = '' } }: RouteRequest): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) return id.toLowerCase();
  throw unknown(id);
}

function unknown(id: string): RequestError {
  return new RequestError('not_found', [`there is no preference center "${shown(id)}"`]);
}
