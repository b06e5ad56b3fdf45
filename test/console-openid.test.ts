// Operators sign in by OpenID Connect, at a real provider on loopback.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { skipWithoutChromium } from './support/chromium.ts';
import { callOperator, givenOperator, PASSWORD, seriousFindings, startConsole } from './support/console/console.ts';
import { CLIENT, type OpenIdProvider, startOpenIdProvider } from './support/openid-provider.ts';

/** A proxy answers here by HTTPS, and takes the path away. */
const PUBLIC_URL = 'https://cresset.test/ops';
const ATTEMPT = '__Host-cresset_openid';

type OpenId = NonNullable<NonNullable<Parameters<typeof startTestApp>[1]>['openId']>;

const settingsOf = ({ issuer }: OpenIdProvider, changed: Partial<OpenId> = {}): OpenId => ({
  ...{ issuer, ...CLIENT, domains: ['example.com'], mapping: null, label: 'Sign in with the crew account' },
  ...changed,
});

async function startWithProvider(
  t: TestContext,
  changed: Partial<OpenId> = {},
  metadata: Record<string, unknown> = {},
) {
  const provider = await startOpenIdProvider(t);
  provider.behaviour.metadata = metadata;
  const app = await startTestApp(t, {
    ...{ worker: false, startsAt: new Date(), publicUrl: PUBLIC_URL, openId: settingsOf(provider, changed) },
  });
  return { app, provider, browser: new Browser(app) };
}

interface Look {
  status: number;
  text: string;
  location: string;
  cookies: string[];
}

/** A browser that keeps cookies, and goes one step at a time. */
class Browser {
  readonly #app: TestApp;
  readonly cookies = new Map<string, string>();

  constructor(app: TestApp) {
    this.#app = app;
  }

  async go(url: string): Promise<Look> {
    const isOurs = url.startsWith(`${PUBLIC_URL}/`);
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(isOurs ? url.replace(PUBLIC_URL, this.#app.url) : url, {
      ...{ redirect: 'manual', headers: isOurs ? { cookie, 'sec-fetch-site': 'cross-site' } : {} },
    });
    const cookies = response.headers.getSetCookie();
    for (const one of cookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(one) ?? [];
      if (one.includes('Max-Age=0')) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return {
      status: response.status,
      text: await response.text(),
      location: response.headers.get('location') ?? '',
      cookies,
    };
  }

  /** Goes to the provider. Returns the URL to which it sends the browser back. */
  async begin(query = ''): Promise<string> {
    const { location } = await this.go(`${PUBLIC_URL}/sign-in/openid${query}`);
    return (await this.go(location)).location;
  }

  async signIn(query = ''): Promise<Look> {
    return this.go(await this.begin(query));
  }

  async me(): Promise<{ status: number; operator: { name: string; role: string } }> {
    const cookie = `cresset_session=${this.cookies.get('cresset_session')}`;
    const { status, body } = await callOperator(this.#app, 'GET', 'me', undefined, { cookie });
    return { status, operator: body.operator };
  }
}

function countOf(app: TestApp): Promise<{ operators: number; sessions: number }[]> {
  return app.db.query(sql`
    select (select count(*)::int from operators) as operators, (select count(*)::int from operator_sessions) as sessions`);
}

// Rows 20 and 21 of the traps of the product.
test('who signs in first becomes a viewer, is the same operator later, and is out when an admin says so', async (t) => {
  const { app, provider, browser } = await startWithProvider(t);
  const ways = await callOperator(app, 'GET', 'sign-in');
  assert.deepEqual(ways.body.openid, { label: 'Sign in with the crew account', url: `${PUBLIC_URL}/sign-in/openid` });
  const begun = await browser.go(`${PUBLIC_URL}/sign-in/openid?next=${encodeURIComponent('/ops/people/ab?why=cd')}`);
  assert.equal(begun.status, 303);
  assert.match(
    begun.cookies[0] ?? '',
    RegExp(`^${ATTEMPT}=[\\w-]+; Path=/; HttpOnly; SameSite=Lax; Max-Age=600; Secure$`),
  );
  const ended = await browser.go((await browser.go(begun.location)).location);
  assert.deepEqual([ended.status, ended.location], [303, `${PUBLIC_URL}/people/ab?why=cd`]);
  assert.match(ended.cookies[0] ?? '', /^cresset_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
  assert.equal(browser.cookies.has(ATTEMPT), false);
  const [asked] = provider.asked;
  const { state, nonce, code_challenge: challenge, ...rest } = Object.fromEntries(asked ?? []);
  assert.deepEqual(rest, {
    ...{ client_id: 'cresset', response_type: 'code', scope: 'openid email', code_challenge_method: 'S256' },
    redirect_uri: `${PUBLIC_URL}/sign-in/openid/callback`,
  });
  for (const random of [state, nonce, challenge]) assert.match(random ?? '', /^[\w-]{43}$/);
  assert.deepEqual(await browser.me(), { status: 200, operator: { name: 'dana@example.com', role: 'viewer' } });

  const admin = await givenOperator(app, 'admin');
  await admin.call('PATCH', 'operators/dana@example.com', { role: 'sender' });
  assert.equal((await browser.me()).status, 401, 'a changed role ends the session');
  const earlier = browser.cookies.get('cresset_session');
  provider.behaviour.person.email = 'dana.new@example.com';
  await browser.signIn();
  assert.notEqual(browser.cookies.get('cresset_session'), earlier);
  const me = await browser.me();
  assert.deepEqual(me.operator, { name: 'dana@example.com', role: 'sender' }, 'without a mapping the role stays');
  const { changes } = (await admin.call('GET', 'audit')).body;
  const ofProvider = changes.filter((one: { after: { by?: string } | null }) => one.after?.by === 'OpenID Connect');
  assert.deepEqual(
    ofProvider.map((one: { action: string; operator: string }) => [one.action, one.operator]),
    [...['session.begin', 'session.begin', 'operator.create'].map((action) => [action, 'dana@example.com'])],
  );
  const wrong = await callOperator(app, 'POST', 'sign-in', { name: 'dana@example.com', password: 'none' });
  assert.equal(wrong.status, 401, 'there is no password');
  await admin.call('DELETE', 'operators/dana@example.com');
  assert.equal((await browser.me()).status, 401, 'a deleted operator has no session');
});

interface Refused {
  name: string;
  set?(provider: OpenIdProvider): void;
  /** Changes the URL at which the provider sends the browser back. */
  back?(url: URL): void;
  status: number;
  says: RegExp;
}

const forged = '<script>forged';
const wrong = (claims: Record<string, unknown>) => (provider: OpenIdProvider) => {
  provider.behaviour.wrong = claims;
};
const person = (claims: Record<string, unknown>) => (provider: OpenIdProvider) => {
  Object.assign(provider.behaviour.person, claims);
};
const unusable = { status: 400, says: /cannot be used/ };

const refused: readonly Refused[] = [
  { name: 'wrong state', back: (url) => url.searchParams.set('state', forged), ...unusable },
  { name: 'no state', back: (url) => url.searchParams.delete('state'), ...unusable },
  { name: 'two states', back: (url) => url.searchParams.append('state', forged), ...unusable },
  { name: 'no code', back: (url) => url.searchParams.delete('code'), ...unusable },
  { name: 'made-up code', back: (url) => url.searchParams.set('code', forged), ...unusable },
  {
    name: 'other issuer of the answer',
    back: (url) => url.searchParams.set('iss', 'https://evil.example'),
    ...unusable,
  },
  {
    name: 'an error of the provider',
    back(url) {
      url.searchParams.delete('code');
      url.searchParams.set('error', 'access_denied');
      url.searchParams.set('error_description', forged);
    },
    ...{ status: 403, says: /did not sign you in/ },
  },
  { name: 'wrong nonce', set: wrong({ nonce: 'another' }), ...unusable },
  { name: 'no nonce', set: wrong({ nonce: undefined }), ...unusable },
  { name: 'wrong audience', set: wrong({ aud: 'another client' }), ...unusable },
  { name: 'wrong issuer', set: wrong({ iss: 'https://evil.example' }), ...unusable },
  { name: 'expired', set: wrong({ exp: Math.floor(Date.now() / 1_000) - 60 }), ...unusable },
  {
    name: 'alg none',
    set: ({ behaviour }) => {
      behaviour.signature = 'none';
    },
    ...unusable,
  },
  {
    name: 'another key',
    set: ({ behaviour }) => {
      behaviour.signature = 'by another key';
    },
    ...unusable,
  },
  { name: 'unverified', set: person({ email_verified: false }), status: 403, says: /has not verified/ },
  { name: 'verified as a text', set: person({ email_verified: 'true' }), status: 403, says: /has not verified/ },
  {
    name: 'nothing of verification',
    set: person({ email_verified: undefined }),
    status: 403,
    says: /has not verified/,
  },
  { name: 'no email', set: person({ email: undefined }), status: 403, says: /does not say your email/ },
  { name: 'two addresses', set: person({ email: 'a@evil.example@example.com' }), status: 403, says: /does not say/ },
  { name: 'other domain', set: person({ email: 'dana@evil.example' }), status: 403, says: /of your domain/ },
  { name: 'subdomain', set: person({ email: 'dana@x.example.com' }), status: 403, says: /of your domain/ },
];

test('nothing but a whole and right sign-in begins a session, and refusals repeat nothing', async (t) => {
  const { app, provider } = await startWithProvider(t);
  const usual = structuredClone(provider.behaviour);
  for (const { name, set, back, status, says } of refused) {
    Object.assign(provider.behaviour, structuredClone(usual));
    set?.(provider);
    const browser = new Browser(app);
    const url = new URL(await browser.begin());
    back?.(url);
    const ended = await browser.go(url.href);
    assert.equal(ended.status, status, name);
    assert.match(ended.text, says, name);
    assert.doesNotMatch(ended.text, /script|forged|evil/, name);
    assert.deepEqual([...browser.cookies.keys()], [], `${name}: neither a session nor a sign-in is left`);
  }
  assert.deepEqual(await countOf(app), [{ operators: 0, sessions: 0 }]);
});

test('a sign-in works once, in its browser, for ten minutes', async (t) => {
  const { app, provider, browser } = await startWithProvider(t);
  const back = await browser.begin();
  const notBegun = /not begun in this browser/;
  const other = new Browser(app);
  assert.match((await other.go(back)).text, notBegun, 'another browser');
  await other.begin();
  assert.match((await other.go(back)).text, /cannot be used/, 'another browser with a sign-in of its own');
  const kept = browser.cookies.get(ATTEMPT) ?? '';
  assert.equal((await browser.go(back)).status, 303);
  assert.match((await browser.go(back)).text, notBegun, 'the cookie is gone');
  browser.cookies.set(ATTEMPT, kept);
  assert.match((await browser.go(back)).text, /cannot be used/, 'the provider takes a code once');
  provider.behaviour.reusesCodes = true;
  browser.cookies.set(ATTEMPT, kept);
  assert.match((await browser.go(back)).text, /was used already/, 'and so does the server');
  browser.cookies.set(ATTEMPT, `${kept.slice(0, -4)}AAAA`);
  assert.match((await browser.go(back)).text, notBegun, 'a changed cookie');
  const late = await browser.begin();
  app.clock.advance(10 * 60_000);
  assert.match((await browser.go(late)).text, notBegun, 'ten minutes later');
  assert.deepEqual(await countOf(app), [{ operators: 1, sessions: 1 }]);
});

// Row 22 of the traps of the product.
test('while the provider is away, passwords work, and it is asked again afterwards', async (t) => {
  const { app, provider, browser } = await startWithProvider(t);
  await givenOperator(app, 'admin');
  provider.behaviour.isAway = true;
  const away = await browser.go(`${PUBLIC_URL}/sign-in/openid`);
  assert.equal(away.status, 503);
  assert.match(away.text, /does not answer\. Sign in with a password/);
  const byPassword = await callOperator(app, 'POST', 'sign-in', { name: 'admin', password: PASSWORD });
  assert.equal(byPassword.status, 200);
  provider.behaviour.isAway = false;
  const back = await browser.begin('?next=//evil.example');
  provider.behaviour.isAway = true;
  assert.equal((await browser.go(back)).status, 503, 'away between both steps');
  provider.behaviour.isAway = false;
  const ended = await browser.signIn('?next=/%5Cevil.example');
  assert.deepEqual([ended.status, ended.location], [303, `${PUBLIC_URL}/`]);
});

test('a provider on loopback that names an address elsewhere by HTTP is not used', async (t) => {
  const { browser } = await startWithProvider(t, {}, { token_endpoint: 'http://192.0.2.1/token' });
  const ended = await browser.signIn();
  assert.equal(ended.status, 400);
  assert.match(ended.text, /cannot be used/);
});

// Row 19 of the traps of the product.
test('an email address makes nobody an operator who was there before, unless an admin links it', async (t) => {
  const { app, provider, browser } = await startWithProvider(t);
  const ada = await givenOperator(app, 'admin', 'ada@example.com');
  Object.assign(provider.behaviour.person, { sub: 'mallory', email: 'Ada@Example.com' });
  const taken = await browser.signIn();
  assert.equal(taken.status, 403);
  assert.match(taken.text, /already\. Ask an admin/);
  const invalid = await ada.call('PATCH', 'operators/ada@example.com', { email: 'ada' });
  assert.deepEqual(invalid.body.errors, ['email: expected an email address']);
  assert.equal((await ada.call('PATCH', 'operators/ada@example.com', { email: 'ADA@example.com' })).status, 200);
  await givenOperator(app, 'viewer', 'eve');
  const twice = await ada.call('PATCH', 'operators/eve', { email: 'ada@example.com' });
  assert.deepEqual(twice.body.errors, ['email: another operator is linked to this address']);
  provider.behaviour.person.sub = 'ada-1';
  await browser.signIn();
  assert.deepEqual((await browser.me()).operator, { name: 'ada@example.com', role: 'admin' });
  provider.behaviour.person.sub = 'mallory';
  assert.equal((await new Browser(app).signIn()).status, 403, 'the link is used up');
  const { operators } = (await ada.call('GET', 'operators')).body;
  assert.deepEqual(
    operators.map((one: { name: string; email: string | null }) => [one.name, one.email]),
    [
      ['ada@example.com', 'ada@example.com'],
      ['eve', null],
    ],
  );
  const { changes } = (await ada.call('GET', 'audit')).body;
  assert.ok(changes.some((one: { action: string }) => one.action === 'operator.link'));
  await ada.call('PATCH', 'operators/ada@example.com', { email: null });
  provider.behaviour.person.sub = 'ada-1';
  assert.equal((await browser.signIn()).status, 403, 'the link was removed');
});

// Row 20 of the traps of the product.
test('a mapping gives the role at each sign-in, but takes it from no last admin', async (t) => {
  const roles = { 'cn=crew': 'sender', platform: 'admin' } as const;
  const { app, provider, browser } = await startWithProvider(t, { domains: [], mapping: { claim: 'groups', roles } });
  const { behaviour } = provider;
  behaviour.person = { sub: 'dana-1' };
  const groups = (value: unknown) => {
    behaviour.userinfo = { email: 'dana@example.net', email_verified: true, groups: value };
  };
  for (const none of [undefined, 'visitors', ['constructor'], { platform: true }, 7]) {
    groups(none);
    assert.match((await browser.signIn()).text, /None of your groups/, JSON.stringify(none));
  }
  const roleWith = async (value: unknown) => {
    groups(value);
    await browser.signIn();
    return (await browser.me()).operator.role;
  };
  assert.equal(await roleWith('cn=crew'), 'sender');
  assert.equal(await roleWith(['cn=crew', 'visitors', 'platform']), 'admin');
  assert.equal(await roleWith('cn=crew'), 'admin', 'somebody must be admin');
  await givenOperator(app, 'admin');
  const before = browser.cookies.get('cresset_session');
  assert.equal(await roleWith('cn=crew'), 'sender');
  const old = await callOperator(app, 'GET', 'me', undefined, { cookie: `cresset_session=${before}` });
  assert.equal(old.status, 401, 'another role ends the other sessions');
});

test('without settings there is no such sign-in', async (t) => {
  const app = await startTestApp(t, { worker: false });
  assert.equal((await callOperator(app, 'GET', 'sign-in')).body.openid, null);
  assert.equal((await app.get('/sign-in/openid')).status, 404);
});

test('the sign-in page leads to the provider and back to where one was', { skip: skipWithoutChromium }, async (t) => {
  const provider = await startOpenIdProvider(t);
  const { app, complaints, newPage, open } = await startConsole(t, { openId: settingsOf(provider) });
  const page = await newPage('phone');
  await open(page, '/dispatches?state=sending#left-out');
  const button = page.getByRole('link', { name: 'Sign in with the crew account' });
  await button.waitFor();
  assert.deepEqual(await seriousFindings(page), []);
  await button.click();
  await page.getByRole('heading', { level: 1, name: 'Dispatches' }).waitFor();
  assert.equal(page.url(), 'http://cresset.test/dispatches?state=sending');
  assert.deepEqual(complaints, []);
  assert.equal((await countOf(app))[0]?.sessions, 1);
});
