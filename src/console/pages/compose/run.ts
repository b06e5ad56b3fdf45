import { useMutation } from '@tanstack/react-query';
import { useRef } from 'react';
import { ApiError, changeText } from '../../lib/api.ts';
import { isSame, type Remark, withValue, withValues } from '../../lib/document.ts';
import { familyOf } from '../../lib/verdicts.ts';
import type { Previews, Sample, Verdict } from '../../parts/message/previewed.ts';

/** The answer to a dry run. */
export interface Rehearsed {
  counts: { targeted: number; looked_at: number };
  channels: Readonly<Record<string, Readonly<Record<string, number>>>>;
  recipients: readonly Verdict[];
  samples: readonly Sample[];
  errors?: readonly string[];
  cresset?: { warnings?: readonly string[] };
}

/** What a dry run of a text said. */
export interface Run {
  /** The text that was run. */
  text: string;
  answer: Rehearsed | null;
  error: Error | null;
}

/** Runs the text dry. `run` is that of the last text, whatever it is now. */
export function useDryRun() {
  const mutation = useMutation({
    mutationFn: (text: string) =>
      changeText<Rehearsed>('POST', 'messages/send', withValue(text, ['cresset', 'dry_run'], true)),
  });
  const { variables: text, data: answer = null, error, isPending } = mutation;
  const run: Run | null = text === undefined || isPending ? null : { text, answer, error };
  return { run, isRunning: isPending, start: (of: string) => mutation.mutate(of), forget: () => mutation.reset() };
}

/** Members that say whom and how, which a preview of one person does not ask. */
const targeting = [
  ...['external_user_ids', 'user_aliases', 'segment_id', 'audience', 'broadcast'],
  ...['send_id', 'override_frequency_capping', 'override_messaging_limits', 'cresset'],
];

/** Shows the messages of the text as a person would get them. `person` null: one of whom nothing is known. */
export function previewOf(text: string, person: string | null): Promise<Previews> {
  const alone = withValues(
    text,
    targeting.map((member) => [[member], undefined] as const),
  );
  const whom = person === null ? (['attributes', [{}]] as const) : (['external_user_ids', [person]] as const);
  return changeText<Previews>('POST', 'messages/preview', withValue(alone, [whom[0]], whom[1]));
}

/** Sends the text. The same text that is tried again is sent once. */
export function useSend(onSent: (dispatchId: string) => void) {
  const named = useRef({ text: '', key: '' });
  return useMutation({
    mutationFn: (text: string) => {
      if (!isSame(named.current.text, text) || named.current.key === '') named.current = { text, key: newKey() };
      return changeText<{ dispatch_id: string }>('POST', 'messages/send', named.current.text, {
        'idempotency-key': named.current.key,
      });
    },
    onSuccess: ({ dispatch_id: id }) => {
      // What was sent and is sent again is meant again.
      named.current = { text: '', key: '' };
      onSent(id);
    },
  });
}

/** `crypto.randomUUID` is only there on HTTPS and localhost. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What the API says of the text. */
export function remarksOf({ answer, error }: Run): Remark[] {
  if (error !== null) {
    const texts = error instanceof ApiError && error.errors.length > 0 ? error.errors : [error.message];
    return texts.map((text) => ({ kind: 'error', text }));
  }
  const { errors = [], cresset: { warnings = [] } = {} } = answer ?? {};
  return [...errors, ...warnings].map((text) => ({ kind: 'warning', text }));
}

export interface People {
  targeted: number;
  lookedAt: number;
  /** Who would get at least one message. */
  reached: number;
  /** Who would get none, by reason; most first. `who`: a name, if it is one person. */
  kept: readonly { reason: string; count: number; who: string | null }[];
  isBroadcast: boolean;
}

/** The answer by people: each counts once, by the best of their channels. */
export function peopleOf({ counts, recipients }: Rehearsed, isBroadcast: boolean): People {
  const best = new Map<string, Verdict>();
  recipients.forEach((verdict, place) => {
    const key = verdict.braze_id ?? `refused ${place}`;
    const before = best.get(key);
    if (before === undefined || (!isReached(before) && isReached(verdict))) best.set(key, verdict);
  });
  const all = [...best.values()];
  const kept = Map.groupBy(
    all.filter((one) => !isReached(one)),
    ({ reason, status }) => reason ?? status,
  );
  return {
    targeted: counts.targeted,
    lookedAt: all.length,
    reached: all.filter(isReached).length,
    kept: [...kept]
      .map(([reason, these]) => ({ reason, count: these.length, who: these.length === 1 ? nameOf(these[0]) : null }))
      .sort((one, other) => other.count - one.count),
    isBroadcast,
  };
}

export function isReached({ status }: { status: string }): boolean {
  return status === 'would_be_sent' || status === 'would_be_held';
}

function nameOf(verdict: Verdict | undefined): string | null {
  return verdict?.external_id ?? verdict?.user_aliases?.[0]?.alias_name ?? verdict?.braze_id ?? null;
}

/** Messages that would go out, by channel. */
export function messagesOf({ channels }: Rehearsed): [channel: string, count: number][] {
  return Object.entries(channels).map(([channel, { would_be_sent: sent = 0, would_be_held: held = 0 }]) => [
    channel,
    sent + held,
  ]);
}

const words = { would_be_sent: 'reached', would_be_held: 'waiting' } as const;

/** The family of an outcome of a channel, such as `would_be_sent` or `unsubscribed`. */
export function familyOfOutcome(outcome: string) {
  if (outcome === 'would_be_sent' || outcome === 'would_be_held') return words[outcome];
  return familyOf('skipped', outcome);
}
