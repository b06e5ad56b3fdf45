import type { Database } from '../../../db/database.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Attempts } from '../../../operators/attempts.ts';
import { findOperator } from '../../../operators/operators.ts';
import { isPassword, LONGEST_PASSWORD } from '../../../operators/passwords.ts';
import { beginSession, endSession } from '../../../operators/sessions.ts';
import type { Answer } from '../../route.ts';
import { sessionCookie } from '../access.ts';
import { BodyReader } from '../body-reader.ts';
import type { OperatorRoute, StrangerRequest } from '../route.ts';
import { describeOperator } from './describe.ts';

export interface SignInDeps {
  db: Database;
  clock: Clock;
  attempts: Attempts;
  publicUrl: string;
  /** The button that signs in by OpenID Connect, and where it leads. null: there is none. */
  openId: { label: string; url: string } | null;
}

/** Begins and ends sessions. */
export function signInRoutes(deps: SignInDeps): OperatorRoute[] {
  const { db, clock, publicUrl, openId } = deps;
  return [
    {
      method: 'GET',
      path: '/operator/v1/sign-in',
      role: null,
      handle: async () => ({ status: 200, body: { openid: openId, message: 'success' } }),
    },
    {
      method: 'POST',
      path: '/operator/v1/sign-in',
      role: null,
      handle: (request) => signIn(deps, request),
    },
    {
      method: 'POST',
      path: '/operator/v1/sign-out',
      role: 'viewer',
      async handle({ session, actor }) {
        const own = { ...actor, operatorId: session.operator.id };
        await endSession(db, own, { id: session.id, ofAll: false }, clock.now());
        const headers = { 'set-cookie': sessionCookie(null, publicUrl), 'clear-site-data': '"cache"' };
        return { status: 200, body: { message: 'success' }, headers };
      },
    },
  ];
}

async function signIn({ db, clock, attempts, publicUrl }: SignInDeps, request: StrangerRequest): Promise<Answer> {
  const { name, password } = readCredentials(request);
  const { address, userAgent } = request;
  const nowMs = clock.now().getTime();
  const waitMs = attempts.waitMs(name, address, nowMs);
  if (waitMs > 0) throw tooMany(waitMs);
  attempts.noteAttempt(name, address, nowMs);
  const found = await findOperator(db, name);
  if (!(await isPassword(password, found?.passwordHash ?? null)) || found === null)
    throw new RequestError('wrong_password');
  attempts.noteSuccess(name, address, nowMs);
  const { passwordHash: _secret, ...operator } = found;
  const { token } = await beginSession(db, operator, { address, userAgent, now: clock.now() });
  const body = { operator: describeOperator(operator), message: 'success' };
  return { status: 200, body, headers: { 'set-cookie': sessionCookie(token, publicUrl) } };
}

function tooMany(waitMs: number): RequestError {
  const seconds = Math.ceil(waitMs / 1_000);
  return new RequestError('too_many_attempts', [`password: wait ${seconds} s before the next attempt`], seconds);
}

function readCredentials({ body }: StrangerRequest): { name: string; password: string } {
  const reader = new BodyReader(body, ['name', 'password']);
  const name = reader.text('name', { most: 100 }).toLowerCase();
  const password = reader.text('password', { most: LONGEST_PASSWORD });
  reader.end();
  return { name, password };
}
