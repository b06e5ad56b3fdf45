// A message may use so much memory and so much time, whatever its templates do.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import { Problems } from '../lib/raw/problems.ts';
import { context, doubled, hostile, turns } from './hostile.ts';
import { Budget, MAX_CPU_MS, MAX_LOOP_TURNS, MAX_MADE_BYTES } from './liquid/budget.ts';
import { LimitReached } from './liquid/errors.ts';
import { RenderStop } from './render-stop.ts';
import { compileTemplate } from './template.ts';
import { compileTree } from './tree.ts';

/** The detail with which a template stops; null if it ends. */
function detailOf(template: string): string | null {
  try {
    compileTemplate(template).render(context);
    return null;
  } catch (error) {
    assert.ok(error instanceof RenderStop, String(error));
    assert.equal(error.reason, 'render_error');
    return error.detail;
  }
}

test('whatever a template does, it ends, or stops with a reason', () => {
  for (const [template, expected] of hostile) {
    const detail = detailOf(template);
    if (expected === null) assert.equal(detail, null, template.slice(0, 100));
    else assert.match(detail ?? '', expected, template.slice(0, 100));
  }
});

/** Renders them in a thread of its own, which ends the process of none but itself. */
const program = `
  const { parentPort, workerData } = require('node:worker_threads');
  const load = async () => [await import(workerData.template), await import(workerData.hostile)];
  load().then(([{ compileTemplate }, { hostile, context }]) => {
    let stopped = 0;
    for (const [template] of hostile) try { compileTemplate(template).render(context); } catch { stopped += 1; }
    parentPort.postMessage(stopped);
  });`;

test('all of them end in a heap of 160 MB', async () => {
  const [template, fixture] = ['./template.ts', './hostile.ts'].map((file) => new URL(file, import.meta.url).href);
  const workerData = { template, hostile: fixture };
  const worker = new Worker(program, { eval: true, workerData, resourceLimits: { maxOldGenerationSizeMb: 160 } });
  const [stopped] = await once(worker, 'message');
  assert.ok(stopped > 20);
  await worker.terminate();
});

test('a template that would run for ever stops at its limit of processor time', () => {
  const cpuMs = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  const template = compileTemplate(turns('{{a}}'.repeat(5_000)));
  const before = cpuMs();
  assert.throws(
    () => template.render(context),
    (error: RenderStop) => error.detail.startsWith(`more than ${MAX_CPU_MS} ms of processor time, line 1, column `),
  );
  // The clock is read every 0.1 ms or so, and itself ticks in steps of up to 10 ms.
  assert.ok(cpuMs() - before < 2 * MAX_CPU_MS);
});

test('all texts of a message share one budget; the next message has its own', () => {
  const problems = new Problems();
  const big = `${doubled(18)}{{ s | size }}`;
  const many = { texts: Array.from({ length: 100 }, (_, index) => `${big}${index}`) };
  const tree = (value: object) => compileTree(value, { path: 'm', never: new Set(), problems });
  problems.throwIfAny();
  assert.throws(
    () => tree(many).render(context),
    // A slow machine reaches the limit of time first.
    (error) =>
      error instanceof RenderStop &&
      /^m\.texts\[\d+\]: more than (\d+ bytes of texts and lists|100 ms\b)/.test(error.detail ?? ''),
  );
  const one = tree({ text: big });
  for (let message = 0; message < 60; message += 1) assert.deepEqual(one.render(context), { text: '262144' });
});

test('a budget counts what is made, and turns', () => {
  const budget = new Budget();
  for (let made = 0; made + 2_000_032 < MAX_MADE_BYTES; made += 2_000_032) budget.text(1_000_000);
  assert.throws(() => budget.text(1_000_000), LimitReached);
  assert.throws(() => new Budget().text(1_000_001), LimitReached);
  assert.throws(() => new Budget().list(MAX_MADE_BYTES / 16), LimitReached);
  const turning = new Budget();
  for (let turn = 0; turn < MAX_LOOP_TURNS; turn += 1) turning.turn();
  assert.throws(() => turning.turn(), LimitReached);
});

test('the templates that are kept are bounded by their length', () => {
  const first = compileTemplate('{{a}} first');
  assert.equal(compileTemplate('{{a}} first'), first);
  for (let count = 0; count < 10; count += 1) compileTemplate(`{{a}}${count}${'x'.repeat(1_000_000)}`);
  assert.notEqual(compileTemplate('{{a}} first'), first);
});
