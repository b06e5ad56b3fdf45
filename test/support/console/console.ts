import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { sql } from '../../../src/db/sql.ts';
import type { Operator } from '../../../src/operators/operators.ts';
import { hashPassword } from '../../../src/operators/passwords.ts';
import type { OperatorRole } from '../../../src/operators/roles.ts';
import { beginSession } from '../../../src/operators/sessions.ts';
import { type Reply, startTestApp, type TestApp } from '../app.ts';
import { startChromium } from '../chromium.ts';

export const widths = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;
export type Width = keyof typeof widths;
export const schemes = ['light', 'dark'] as const;

/** Password of every operator that a test makes. */
export const PASSWORD = 'a long password of the tests';
let hash: Promise<string> | undefined;

export interface SignedIn {
  name: string;
  token: string;
  sessionId: string;
  /** Calls the API for operators. `path`: such as `me`. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
}

/** Makes an operator who is signed in. It costs one scrypt for all operators of a file. */
export async function givenOperator(app: TestApp, role: OperatorRole, name: string = role): Promise<SignedIn> {
  hash ??= hashPassword(PASSWORD);
  const id = crypto.randomUUID();
  await app.db.run(sql`
    insert into operators (id, workspace_id, name, role, password_hash, created_at, created_by)
    values (${id}, ${app.workspaceId}, ${name}, ${role}, ${await hash}, ${app.clock.now()}, 'test')`);
  return givenSession(app, { id, workspaceId: app.workspaceId, workspaces: null, name, role });
}

/** Signs an operator in. */
export async function givenSession(app: TestApp, operator: Operator): Promise<SignedIn> {
  const { name } = operator;
  const begun = await beginSession(app.db, operator, { address: '127.0.0.1', userAgent: 'test', now: app.clock.now() });
  const cookie = `cresset_session=${begun.token}`;
  return {
    name,
    token: begun.token,
    sessionId: begun.id,
    call: (method, path, body, headers = {}) => callOperator(app, method, path, body, { cookie, ...headers }),
  };
}

/** Calls the API for operators, with the header that a change needs. */
export async function callOperator(
  app: TestApp,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const response = await fetch(`${app.url}/operator/v1/${path}`, {
    method,
    headers: { 'x-cresset-console': '1', ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? text : JSON.parse(text) };
}

export interface Console {
  app: TestApp;
  context: BrowserContext;
  /** What the browser refused because of the policy of the page, and errors of scripts. */
  complaints: string[];
  /** Opens a path of the console. */
  open(page: Page, path: string): Promise<void>;
  newPage(width: Width): Promise<Page>;
}

/** Starts a server with the console built, and one browser, which also finds `cresset.test` and `plain.test`. Nobody is signed in. */
export async function startConsole(
  t: TestContext,
  options: Pick<NonNullable<Parameters<typeof startTestApp>[1]>, 'planFile' | 'serverFile' | 'openId'> = {},
): Promise<Console> {
  buildConsole();
  const app = await startTestApp(t, { startsAt: new Date(), ...options });
  const context = await startChromium(t, [
    `--host-resolver-rules=MAP cresset.test ${new URL(app.url).host}, MAP plain.test 127.0.0.1`,
    '--unsafely-treat-insecure-origin-as-secure=http://cresset.test',
  ]);
  const complaints: string[] = [];
  return {
    app,
    context,
    complaints,
    async open(page, path) {
      // The clock of the server keeps up with that of the browser, so that workers give signs of life.
      app.clock.advance(Math.max(0, Date.now() - app.clock.now().getTime()));
      await page.goto(app.url + path);
    },
    async newPage(width) {
      const page = await context.newPage();
      await page.setViewportSize(widths[width]);
      page.on('console', (message) => {
        if (message.type() === 'error' && !isRefusal(message.text()))
          complaints.push(`${page.url()}: ${message.text()}`);
      });
      page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`));
      return page;
    },
  };
}

/** The browser notes each answer that is no success. That is no complaint about the page. */
function isRefusal(text: string): boolean {
  return /^Failed to load resource: the server responded with a status of 4\d\d/.test(text);
}

/** Gives the browser the session of an operator. */
export async function signIn({ app, context }: Console, { token }: SignedIn): Promise<void> {
  await context.addCookies([
    { name: 'cresset_session', value: token, url: app.url, httpOnly: true, sameSite: 'Strict' },
  ]);
}

export function buildConsole(): void {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build-console.ts'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the console cannot be built: ${stderr}`);
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Finding {
  id: string;
  impact: string;
  nodes: { html: string; failureSummary: string }[];
}

/** Serious findings of axe on a page. Empty: there are none. */
export async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const findings = await page.evaluate<Finding[]>(
    `axe.run(document, { resultTypes: ['violations'], iframes: false }).then((r) => r.violations)`,
  );
  return findings
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .slice(0, 3)
          .map((node) => `${node.html.slice(0, 160)} (${node.failureSummary})`)
          .join(' | ')}`,
    );
}

/** Width of what sticks out to the right, in pixels. 0: nothing scrolls sideways. */
export function overflowOf(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}

/** Keeps a picture if the environment says where. See `npm run screenshots`. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  const folder = process.env.CRESSET_TEST_SCREENSHOTS;
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: false });
}
