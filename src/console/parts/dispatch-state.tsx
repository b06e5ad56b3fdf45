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

/** The state of a dispatch: only a failed one has a colour, because colour means a verdict. */
export function DispatchState({ state }: { state: string }) {
  if (state === 'failed')
    return (
      <span className="v v-failed">
        <Icon name="failed" />
        Failed
      </span>
    );
  const isLive = state === 'sending' || state === 'accepted';
  return <span className={isLive ? 'live' : 'mut2'}>{said[state] ?? state}</span>;
}
