import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { elementPath, isObject, own, quotedMemberPath } from '../../lib/raw/json.ts';
import type { Sink } from '../../lib/raw/problems.ts';
import { refuse } from '../../lib/raw/shape.ts';
import { utf8Problem } from '../../lib/raw/utf8.ts';

const reference = /\$\{(env|file):([^}]*)\}/g;
const LARGEST_FILE_BYTES = 1_048_576;
const DEEPEST = 64;

/** Where references are resolved. */
export interface Surroundings {
  /** Path of the workspace file. `${file:…}` is relative to its folder. */
  path: string;
  env: Readonly<Record<string, string | undefined>>;
}

/** Names of the variables that a text refers to with `${env:NAME}`. */
export function referredVariables(source: string): Set<string> {
  const found = [...source.matchAll(reference)].filter(([, kind]) => kind === 'env');
  return new Set(found.map(([, , name = '']) => name));
}

/**
 * Replaces `${env:NAME}` and `${file:path}` in all texts of the value, at any depth. The inserted texts are not searched
 * for references. A line end at the end of a file is left out, because editors write one. `at` null: texts stay as they are.
 */
export function resolveReferences(
  value: unknown,
  at: Surroundings | null,
  problems: Sink,
  path = '',
  depth = 0,
): unknown {
  if (depth > DEEPEST) {
    refuse(problems, path.slice(0, 200), 'is nested too deeply');
    return null;
  }
  if (typeof value === 'string') return at === null ? value : putIn(value, at, problems, path);
  if (Array.isArray(value)) {
    return value.map((item, index) => resolveReferences(item, at, problems, elementPath(path, index), depth + 1));
  }
  if (!isObject(value)) return value;
  const members = Object.entries(value).map(([name, member]) => {
    return [name, resolveReferences(member, at, problems, quotedMemberPath(path, name), depth + 1)];
  });
  return Object.fromEntries(members);
}

/** What the console shows in the place of a secret. As a secret it would be a wrong one. */
const ofConsole = /\$\{secret:[^}]*\}/;

function putIn(value: string, at: Surroundings, problems: Sink, path: string): string {
  if (ofConsole.test(value))
    refuse(problems, path, 'stands for a secret that only the console keeps; write the secret, or ${env:NAME}');
  return value.replaceAll(reference, (_whole, kind: string, name: string) => {
    const found = kind === 'env' ? fromEnvironment(name, at) : fromFile(name, at);
    if ('problem' in found) refuse(problems, path, found.problem);
    return 'text' in found ? found.text : 'missing';
  });
}

type Found = { text: string } | { problem: string };

function fromEnvironment(name: string, { env }: Surroundings): Found {
  const text = own(env, name);
  return text === undefined || text === '' ? { problem: `the environment variable ${name} is not set` } : { text };
}

function fromFile(name: string, at: Surroundings): Found {
  const path = resolve(dirname(at.path), name);
  try {
    if (statSync(path).size > LARGEST_FILE_BYTES) return { problem: `the file ${name} is larger than 1 MiB` };
    const bytes = readFileSync(path);
    const problem = utf8Problem(bytes);
    if (problem !== null) return { problem: `the file ${name}: ${problem}` };
    return { text: bytes.toString('utf8').replace(/\r?\n$/, '') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown error';
    return { problem: `the file ${name} cannot be read (${code})` };
  }
}
