import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type BrowserContext, chromium } from 'playwright-core';

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const executablePath = places.find((path) => existsSync(path));

/** The reason to skip a test that needs a browser. false: there is one. */
export const skipWithoutChromium =
  executablePath === undefined && 'no Chromium on this machine (Debian: apt-get install chromium)';

/** A browser with its own profile. A plain context is a private window, which has no web push. */
export async function startChromium(t: TestContext, args: readonly string[] = []): Promise<BrowserContext> {
  if (executablePath === undefined) throw new Error('there is no Chromium');
  const profile = mkdtempSync(join(tmpdir(), 'cresset-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: ['--no-sandbox', '--ignore-certificate-errors', ...args],
    ignoreDefaultArgs: ['--disable-background-networking'],
  });
  context.setDefaultTimeout(20_000);
  t.after(async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  });
  return context;
}
