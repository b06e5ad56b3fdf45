import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { changeText } from '../../lib/api.ts';
import { nodeOf, without } from './tree.ts';

export interface PartCount {
  path: string;
  alone: number;
  without: number;
}

export interface Preview {
  count: number;
  reachable: Readonly<Record<string, number>>;
  sample: readonly SamplePerson[];
  cresset?: { warnings?: readonly string[] };
}

export interface SamplePerson {
  external_id: string | null;
  braze_id: string;
  first_name: string | null;
  country: string | null;
  language: string | null;
}

/** The filter or group without which most people would fit, if nobody does, and what it found in some of them. */
export interface Guilt extends PartCount {
  facts: readonly { who: string; sentence: string }[];
  /** The people who fit all else. */
  others: Preview | null;
}

export interface Counts {
  preview: Preview;
  parts: ReadonlyMap<string, PartCount>;
  leftOver: number;
  everybody: number | null;
  guilt: Guilt | null;
  tookMs: number;
}

/** Counting begins so long after the last edit, in milliseconds. */
const QUIET_MS = 400;
const MOST_FACTS = 4;

/** Counts whom a filter describes. An answer about an older text is dropped. `filter`: null while the JSON is incomplete. */
export function useCounts(filter: unknown) {
  const text = filter === null ? '' : JSON.stringify(filter);
  const quiet = useQuiet(text);
  const query = useQuery({
    queryKey: ['audience counts', quiet],
    queryFn: ({ signal }) => countAll(JSON.parse(quiet), signal),
    enabled: quiet !== '',
    placeholderData: (before) => before,
    retry: false,
    staleTime: 30_000,
  });
  return { ...query, isOld: text !== quiet || query.isPlaceholderData };
}

function useQuiet(text: string): string {
  const [quiet, setQuiet] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setQuiet(text), QUIET_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return quiet;
}

interface PartsAnswer {
  everybody: number;
  parts: readonly PartCount[];
  left_over: number;
}

async function countAll(filter: unknown, signal: AbortSignal): Promise<Counts> {
  const startedAt = performance.now();
  const [preview, parts] = await Promise.all([
    ask<Preview>('audience/preview', { filter }, signal),
    ask<PartsAnswer>('audience/parts', { filter }, signal),
  ]);
  const guilty = preview.count > 0 ? null : guiltyOf(parts.parts);
  const guilt = guilty === null ? null : { ...guilty, ...(await factsOf(filter, guilty.path, signal)) };
  return {
    ...{ preview, guilt },
    parts: new Map(parts.parts.map((one) => [one.path, one])),
    leftOver: parts.left_over,
    everybody: parts.everybody,
    tookMs: performance.now() - startedAt,
  };
}

function ask<T>(path: string, body: unknown, signal: AbortSignal): Promise<T> {
  return changeText<T>('POST', path, JSON.stringify(body), {}, signal);
}

/** Of a filter and the group around it alone, the filter is named. */
function guiltyOf(parts: readonly PartCount[]): PartCount | null {
  const most = Math.max(0, ...parts.map((one) => one.without));
  if (most === 0) return null;
  return parts.findLast((one) => one.without === most) ?? null;
}

/** Who fits all else, and what the filter found in the first of them. */
async function factsOf(filter: unknown, path: string, signal: AbortSignal): Promise<Pick<Guilt, 'facts' | 'others'>> {
  const rest = without(filter, path);
  if (rest === null) return { facts: [], others: null };
  const others = await ask<Preview>('audience/preview', { filter: rest }, signal);
  const asked = others.sample.slice(0, MOST_FACTS).map(async ({ braze_id, external_id }) => {
    const answer = await ask<{ filter: unknown }>('audience/explain', { filter, braze_id }, signal);
    return { who: external_id ?? braze_id, sentence: sentenceIn(answer.filter, path) };
  });
  const facts = await Promise.all(asked);
  return { others, facts: facts.flatMap(({ who, sentence }) => (sentence === null ? [] : [{ who, sentence }])) };
}

/** What the filter at this place found, in the API's words. null: there is a group. */
function sentenceIn(tree: unknown, path: string): string | null {
  const { path: at = '', sentence, filters = [] } = Object(tree) as Partial<Explained>;
  if (sentence !== undefined)
    return at.startsWith(`${path}.`) && !/[[.]/.test(at.slice(path.length + 1)) ? sentence : null;
  return filters.map((one) => sentenceIn(one, path)).find((one) => one !== null) ?? null;
}

interface Explained {
  path: string;
  sentence: string;
  filters: readonly unknown[];
}

/** The name of a filter for a sentence: its attribute, or its kind. */
export function shortName(filter: unknown, path: string): string {
  const part = path
    .split(/\.(?=[A-Z])|\[|\]/)
    .slice(1)
    .filter((one) => one !== '');
  const found = part.reduce<unknown>((value, one) => Object(value)[one], filter);
  const node = nodeOf(found);
  const { custom_attribute_name: attribute, name } = Object(node?.of) as Record<string, unknown>;
  return String(attribute ?? name ?? node?.key ?? path);
}
