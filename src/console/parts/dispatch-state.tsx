import { untilOf } from '../lib/say.ts';
import { Icon } from './icon.tsx';

const said: Readonly<Record<string, string>> = {
  scheduled: 'Scheduled',
  accepted: 'Accepted',
  sending: 'Sending',
  paused: 'Paused',
  finished: 'Finished',
  cancelled: 'Cancelled',
  failed: 'Failed',
};

/** What all that is left of a dispatch waits for, such as `held by quiet hours`. */
export interface DispatchWait {
  why: string;
  until: string | null;
}

/**
 * The state of a dispatch: only a failed one has a colour, because colour means a verdict. One of which nothing goes out
 * before a later time says what it waits for. `failure`: why a dispatch that is not over does not go on.
 */
export function DispatchState({ state, wait, failure }: StateProps) {
  if (state === 'failed')
    return (
      <span className="v v-failed">
        <Icon name="failed" />
        Failed
      </span>
    );
  const isLive = state === 'sending' || state === 'accepted';
  if (isLive && failure !== undefined) return <span className="mut2">Waiting</span>;
  if (isLive && wait !== undefined) return <span className="mut2">{sentenceOf(wait)}</span>;
  return <span className={isLive ? 'live' : 'mut2'}>{said[state] ?? state}</span>;
}

interface StateProps {
  state: string;
  wait?: DispatchWait | undefined;
  failure?: string | undefined;
}

function sentenceOf({ why, until }: DispatchWait): string {
  const sentence = `${why.slice(0, 1).toUpperCase()}${why.slice(1)}`;
  return until === null || Date.parse(until) <= Date.now() ? sentence : `${sentence} until ${untilOf(new Date(until))}`;
}
