import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestApp } from './app.ts';

const run = promisify(execFile);
const RULES = new URL('../../docs/prometheus/alerts.yaml', import.meta.url).pathname;

/** Whether `promtool` is there, which judges rules as Prometheus does. */
export const hasPromtool = await run('promtool', ['--version']).then(
  () => true,
  () => false,
);

/** What a Prometheus would have read of a server: each minute one scrape, by the clock of the server. */
export class Scrapes {
  readonly #app: TestApp;
  /** Values by series. null: the series was not there. */
  readonly #values = new Map<string, (number | null)[]>();
  #minutes = 0;

  constructor(app: TestApp) {
    this.#app = app;
  }

  /** Scrapes, then lets `minute` do what happens until the next scrape. Repeats it. */
  async every(minutes: number, minute: (nth: number) => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    for (let nth = 0; nth < minutes; nth += 1) {
      await this.#scrape();
      await minute(nth);
      this.#app.clock.advance(60_000);
      await this.#app.drain().catch(() => undefined); // a server that is stopped or cannot write has nothing to end
    }
  }

  async #scrape(): Promise<void> {
    const answer = await this.#app.get('/metrics').catch(() => null);
    this.#note('up{job="cresset",instance="a:8080"}', answer === null ? 0 : 1);
    const lines = answer === null ? [] : String(answer.body).split('\n');
    if (answer !== null) assert.equal(answer.status, 200);
    for (const line of lines) {
      if (line === '' || line.startsWith('#')) continue;
      const at = line.lastIndexOf(' ');
      this.#note(line.slice(0, at), Number(line.slice(at + 1)));
    }
    this.#minutes += 1;
  }

  #note(series: string, value: number): void {
    const values = this.#values.get(series) ?? [];
    while (values.length < this.#minutes) values.push(null);
    values.push(value);
    this.#values.set(series, values);
  }

  /** The names of the alerts that fire after the last minute, as Prometheus decides by the rules of the documentation. */
  async firing(): Promise<string[]> {
    const folder = mkdtempSync(join(tmpdir(), 'cresset-alerts-'));
    try {
      const file = join(folder, 'test.yaml');
      writeFileSync(file, JSON.stringify(this.#test()));
      // It compares with no sample. Those that there are it tells.
      const said = await run('promtool', ['test', 'rules', file]).then(
        ({ stdout, stderr }) => stdout + stderr,
        ({ stdout, stderr }) => `${stdout}${stderr}`,
      );
      const [, got = ''] = /got:\s*(.*)/s.exec(said) ?? [];
      assert.match(said, /SUCCESS|got:/);
      return [...new Set([...got.matchAll(/alertname="(\w+)"/g)].map(([, name = '']) => name))].sort();
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  #test(): object {
    const series = [...this.#values].map(([name, values]) => ({
      series: name,
      values: values.map((value) => (value === null ? '_' : String(value))).join(' '),
    }));
    const eval_time = `${this.#minutes - 1}m`;
    const expr = 'count by (alertname) (ALERTS{alertstate="firing"})';
    const promql_expr_test = [{ expr, eval_time, exp_samples: [] }];
    return {
      rule_files: [RULES],
      evaluation_interval: '30s',
      tests: [{ interval: '1m', input_series: series, promql_expr_test }],
    };
  }
}
