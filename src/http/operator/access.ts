import type { Db } from '../../db/database.ts';
import { RequestError } from '../../errors.ts';
import type { Clock } from '../../lib/clock.ts';
import { mayAct } from '../../operators/roles.ts';
import { findSession, type Session } from '../../operators/sessions.ts';
import type { Catalog } from '../../workspace/catalog.ts';
import type { OperatorAccess, OperatorCall } from './route.ts';

/** The header without which nothing is changed. A page of another site cannot send it unless this server allows it. */
const HEADER = 'x-cresset-console';
const COOKIE = 'cresset_session';

/** Finds out who calls. `publicUrl`: the URL at which operators reach this server, too. */
export function createAccess({
  db,
  clock,
  catalog,
  publicUrl,
}: {
  db: Db;
  clock: Clock;
  catalog: Pick<Catalog, 'workspace'>;
  publicUrl: string;
}): OperatorAccess {
  const publicOrigin = new URL(publicUrl).origin;
  return {
    refuseOtherSites({ method, headers }) {
      if (!isOwnOrigin(headers, publicOrigin))
        throw new RequestError('cross_site', ['Origin: expected that of this server']);
      if (method !== 'GET' && headers[HEADER] === undefined)
        throw new RequestError('cross_site', ['X-Cresset-Console: expected this header, with any value']);
    },
    async admit(call, role, asked) {
      const token = tokenOf(call);
      const session = token === null ? null : await findSession(db, token, clock.now());
      if (session === null) throw new RequestError('not_signed_in', ['Cookie: sign in with POST /operator/v1/sign-in']);
      const { operator } = session;
      if (!mayAct(operator.role, role))
        throw new RequestError('role_required', [
          `role: this needs the role ${role}, and "${operator.name}" is a ${operator.role}`,
        ]);
      return enter(session, asked, catalog);
    },
  };
}

/** The session in the workspace that is asked for. One that the operator may not enter is answered as one that is not there. */
function enter(session: Session, asked: number | null, catalog: Pick<Catalog, 'workspace'>): Session {
  const { operator } = session;
  const workspaceId = asked ?? operator.workspaceId;
  if (workspaceId === operator.workspaceId && operator.workspaces === null) return session;
  if (operator.workspaces?.includes(workspaceId) === false || catalog.workspace(workspaceId) === undefined)
    throw new RequestError('not_found', [`/in/${workspaceId}: there is no such workspace, or you may not enter it`]);
  return { ...session, operator: { ...operator, workspaceId } };
}

/** The browser says where a request comes from, unless it is a plain one of the same site. */
function isOwnOrigin(headers: OperatorCall['headers'], publicOrigin: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  const { origin, host } = headers;
  if (origin === undefined) return true;
  return origin === publicOrigin || (URL.canParse(String(origin)) && new URL(String(origin)).host === host);
}

function tokenOf({ headers }: OperatorCall): string | null {
  const cookies = String(headers.cookie ?? '').split(/;\s*/);
  const found = cookies.find((cookie) => cookie.startsWith(`${COOKIE}=`));
  return found?.slice(COOKIE.length + 1) ?? null;
}

/**
 * The cookie of a session. Scripts cannot read it, and no other site can send it. It is only for HTTPS if operators reach
 * this server by HTTPS, because browsers drop such a cookie elsewhere.
 */
export function sessionCookie(token: string | null, publicUrl: string): string {
  const secure = publicUrl.startsWith('https:') ? '; Secure' : '';
  const ended = token === null ? '; Max-Age=0' : '';
  return `${COOKIE}=${token ?? ''}; Path=/; HttpOnly; SameSite=Strict${secure}${ended}`;
}
