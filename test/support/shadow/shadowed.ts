import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openReport } from '../../../src/shadow/report.ts';
import { createShadow, type ShadowOptions } from '../../../src/shadow/shadow.ts';
import { temporaryFolder } from '../command-line.ts';

export interface Line {
  endpoint: string;
  there: number | null;
  here: number | null;
  not_compared?: string;
  differences: { kind: string; path?: string; there?: unknown; here?: unknown }[];
}

/** A shadow between a caller and the original, which does the same in the Cresset. */
export async function startShadow(
  t: TestContext,
  upstream: string,
  cresset: { url: string; key: string },
  options: Partial<Pick<ShadowOptions, 'bodies' | 'bufferBytes'>> = {},
) {
  const path = join(temporaryFolder(t), 'report.ndjson');
  const troubles: Error[] = [];
  const onTrouble = (error: Error) => void troubles.push(error);
  const shadow = await createShadow({
    ...{ upstream: new URL(upstream), cresset: { url: new URL(cresset.url), key: cresset.key }, onTrouble },
    ...{ report: await openReport(path, onTrouble), bodies: false, bufferBytes: 64 * 1024 * 1024, ...options },
  });
  shadow.server.listen(0, '127.0.0.1');
  await once(shadow.server, 'listening');
  t.after(() => shadow.stop(0));
  const { port } = shadow.server.address() as AddressInfo;
  const text = () => readFileSync(path, 'utf8');
  /** The lines so far, once everything is compared. */
  async function lines(): Promise<Line[]> {
    await shadow.idle();
    return text()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }
  return { shadow, port, url: `http://127.0.0.1:${port}`, lines, text, troubles };
}
