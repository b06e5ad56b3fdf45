/** What may have happened to a send that a provider has accepted. Each is remembered with its first time, a deferral with its last. */
export const milestones = [
  'delivered',
  'deferred',
  'bounced',
  'failed',
  'complained',
  'opened',
  'clicked',
  'read',
  'shown',
  'dismissed',
  'replied',
  'opted_out',
] as const;
export type Milestone = (typeof milestones)[number];

/** What is only counted, each time. `machine_…`: by a mail program or a scanner, not a person. */
export const counters = ['opens', 'machine_opens', 'clicks', 'machine_clicks', 'shows', 'dismissals'] as const;
export type Counter = (typeof counters)[number];

/** What came back of one send. Times are in milliseconds since 1970; what nobody said is absent. */
export interface SendFeedback {
  at: Readonly<Partial<Record<Milestone, number>>>;
  counts: Readonly<Record<Counter, number>>;
  /** The provider's code and words for the failure, else for the last deferral. */
  code: string | null;
  said: string | null;
}

export const noFeedback: SendFeedback = {
  at: {},
  counts: { opens: 0, machine_opens: 0, clicks: 0, machine_clicks: 0, shows: 0, dismissals: 0 },
  code: null,
  said: null,
};

/** One thing that happened to a send. */
export interface Happening {
  kind: Milestone;
  /** Milliseconds since 1970. */
  at: number;
  /** The provider's code and words. */
  code: string | null;
  said: string | null;
  /** `opened`, `clicked`: a machine did it. */
  isMachine: boolean;
}

/**
 * Adds what happened. The result does not depend on the order in which providers tell: first times stay first, and whether a
 * send counts as delivered follows from all of them.
 */
export function withHappening(known: SendFeedback, happening: Happening): SendFeedback {
  const { kind, at, isMachine } = happening;
  const counter = counterOf(kind, isMachine);
  const counts = counter === null ? known.counts : { ...known.counts, [counter]: known.counts[counter] + 1 };
  if (isMachine) return { ...known, counts };
  const first = (kind === 'deferred' ? Math.max : Math.min)(known.at[kind] ?? at, at);
  return { counts, at: { ...known.at, [kind]: first }, ...wordsOf(known, happening) };
}

export function counterOf(kind: Milestone, isMachine: boolean): Counter | null {
  switch (kind) {
    case 'opened':
      return isMachine ? 'machine_opens' : 'opens';
    case 'clicked':
      return isMachine ? 'machine_clicks' : 'clicks';
    case 'shown':
      return 'shows';
    case 'dismissed':
      return 'dismissals';
    default:
      return null;
  }
}

/** The words of the first failure, else of the last deferral. */
function wordsOf(known: SendFeedback, { kind, at, code, said }: Happening): Pick<SendFeedback, 'code' | 'said'> {
  const [theirs, ours] = [
    { code, said },
    { code: known.code, said: known.said },
  ];
  const failed = failureOf(known.at);
  const { deferred = null } = known.at;
  if (kind === 'bounced' || kind === 'failed')
    return failed === null ? theirs : earlier({ at, theirs }, { at: failed, ours });
  if (kind !== 'deferred' || failed !== null) return ours;
  return deferred === null ? theirs : earlier({ at: -at, theirs }, { at: -deferred, ours });
}

type Words = Pick<SendFeedback, 'code' | 'said'>;

/** At one time, the words decide, so that it does not matter who came first. */
function earlier(one: { at: number; theirs: Words }, other: { at: number; ours: Words }): Words {
  if (one.at !== other.at) return one.at < other.at ? one.theirs : other.ours;
  const key = ({ code, said }: Words) => JSON.stringify([code, said]);
  return key(one.theirs) < key(other.ours) ? one.theirs : other.ours;
}

function failureOf({ bounced, failed }: SendFeedback['at']): number | null {
  const times = [bounced, failed].filter((time) => time !== undefined);
  return times.length === 0 ? null : Math.min(...times);
}

/** What a person can only have done with a message that arrived. */
const proofs = ['opened', 'clicked', 'read', 'shown', 'dismissed', 'replied', 'complained'] as const;

/** When the message arrived, as far as it is known. null: it is not known, or the message bounced or failed. */
export function deliveredAt({ at }: SendFeedback): number | null {
  if (failureOf(at) !== null) return null;
  const times = [at.delivered, ...proofs.map((kind) => at[kind])].filter((time) => time !== undefined);
  return times.length === 0 ? null : Math.min(...times);
}

/** The numbers of what came back, in the statistics of campaigns. `unique_…`: sends, not times. */
export const feedbackMetrics = [
  ...counters,
  'delivered',
  'bounces',
  'failures',
  'complaints',
  'unique_opens',
  'unique_clicks',
  'reads',
  'unique_shows',
  'unique_dismissals',
  'replies',
  'opt_outs',
  'helps',
] as const;
export type FeedbackMetric = (typeof feedbackMetrics)[number];

const metricOf: Readonly<Partial<Record<Milestone, FeedbackMetric>>> = {
  bounced: 'bounces',
  failed: 'failures',
  complained: 'complaints',
  opened: 'unique_opens',
  clicked: 'unique_clicks',
  read: 'reads',
  shown: 'unique_shows',
  dismissed: 'unique_dismissals',
  replied: 'replies',
  opted_out: 'opt_outs',
};

/** A number to add to a metric of a day. */
export interface MetricChange {
  metric: FeedbackMetric;
  /** A time of the UTC day. */
  at: number;
  by: number;
}

/**
 * The numbers of sends that change from one state to the next. A send whose status says already that it bounced or failed has
 * been counted as such. Pure.
 */
export function metricChanges(before: SendFeedback, after: SendFeedback, isCountedAsFailed: boolean): MetricChange[] {
  const counted = (state: SendFeedback) =>
    new Map([
      ['delivered' as const, deliveredAt(state)] as const,
      ...milestones.flatMap((kind) => {
        const metric = metricOf[kind];
        const isKnown = isCountedAsFailed && (kind === 'bounced' || kind === 'failed');
        return metric === undefined || isKnown ? [] : [[metric, state.at[kind] ?? null] as const];
      }),
    ]);
  const [old, now] = [counted(before), counted(after)];
  return [...now].flatMap(([metric, at]) => {
    const was = old.get(metric) ?? null;
    if (was === at) return [];
    const change = (time: number | null, by: number) => (time === null ? [] : [{ metric, at: time, by }]);
    return [...change(was, -1), ...change(at, 1)];
  });
}
