import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useRef } from 'react';
import { change, read } from '../../lib/api.ts';
import { count, counted } from '../../lib/say.ts';
import { useMay } from '../../lib/session.ts';
import { useTouching } from '../../parts/confirm.tsx';
import { Failure, Loaded } from '../../parts/loaded.tsx';
import { Time } from '../../parts/time.tsx';
import { Verdict } from '../../parts/verdict.tsx';
import { type Definitions, useSettings } from './definitions.ts';
import { EditLink } from './edit.tsx';
import { MemberList } from './members.tsx';
import { FromFile, Nothing } from './notes.tsx';

interface Delivery {
  name: string;
  state: 'active' | 'paused' | 'gone' | string;
  is_current: boolean;
  waiting_for_retry: number;
  failures_in_a_row: number;
  given_up: number;
  last_status: number | null;
  last_problem: string | null;
  last_delivered_at: string | null;
  not_called_before: string | null;
}

type Webhook = NonNullable<Definitions['event_webhooks']>[number];

/** Where events go, how each webhook fares, and orders to pause, resume and send again. */
export function Webhooks() {
  const settings = useSettings();
  const states = useQuery({
    queryKey: ['event-webhooks'],
    queryFn: ({ signal }) => read<{ event_webhooks: Delivery[] }>('event_webhooks', signal),
    refetchInterval: 5_000,
  });
  return (
    <Loaded query={settings}>
      {({ definitions: { event_webhooks: webhooks = [] } }) => (
        <>
          <FromFile />
          <p>
            <EditLink what="event_webhooks" label="Edit the webhooks" />
          </p>
          {webhooks.length === 0 && (
            <Nothing
              what="A webhook for events"
              section="event_webhooks"
              example={'{ name: warehouse, url: "https://…", secret: "${env:EVENTS_SECRET}" }'}
            />
          )}
          {webhooks.map((webhook) => (
            <One
              key={webhook.name}
              webhook={webhook}
              delivery={states.data?.event_webhooks.find(({ name }) => name === webhook.name)}
            />
          ))}
        </>
      )}
    </Loaded>
  );
}

/** An empty list means all. */
function orAll(list: Webhook[string] | undefined): Webhook[string] {
  return Array.isArray(list) && list.length > 0 ? list : 'all';
}

function One({ webhook, delivery }: { webhook: Webhook; delivery: Delivery | undefined }) {
  const isAdmin = useMay('admin');
  const isPaused = delivery !== undefined && delivery.state !== 'active';
  const move = useTouching<unknown, string>(
    (verb) => change('POST', `event_webhooks/${webhook.name}/${verb}`),
    ['event-webhooks'],
  );
  return (
    <article className="panel">
      <div className="ph wraps">
        <h2>{webhook.name}</h2>
        <span className="grow" />
        {delivery !== undefined && (
          <Verdict family={isPaused ? 'kept' : delivery.failures_in_a_row > 0 ? 'failed' : 'reached'}>
            {isPaused
              ? delivery.state
              : delivery.failures_in_a_row > 0
                ? `${counted(delivery.failures_in_a_row, 'failure')} in a row`
                : 'active'}
          </Verdict>
        )}
        {isAdmin && delivery !== undefined && (
          <>
            <button
              type="button"
              className="btn"
              disabled={move.isPending}
              onClick={() => move.mutate(isPaused ? 'resume' : 'pause')}
            >
              {isPaused ? 'Resume' : 'Pause'}
            </button>
            <Replay name={webhook.name} />
          </>
        )}
      </div>
      <div className="pb sec">
        {move.error !== null && <Failure error={move.error} />}
        {delivery !== undefined && (
          <dl className="kv">
            <dt>last delivered</dt>
            <dd>
              <Time at={delivery.last_delivered_at} />
            </dd>
            <dt>last answer</dt>
            <dd>
              {delivery.last_status ?? '–'} {delivery.last_problem}
            </dd>
            <dt>waiting for a retry</dt>
            <dd>{count(delivery.waiting_for_retry)}</dd>
            <dt>given up</dt>
            <dd>{count(delivery.given_up)}</dd>
          </dl>
        )}
        <MemberList
          of={{ ...webhook, kinds: orAll(webhook.kinds), channels: orAll(webhook.channels) }}
          except={['name']}
        />
      </div>
    </article>
  );
}

function Replay({ name }: { name: string }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const replay = useTouching<unknown, string>(
    (since) => change('POST', `event_webhooks/${name}/replay`, { since }),
    ['event-webhooks'],
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const since = new Date(String(new FormData(event.currentTarget).get('since')));
    replay.mutate(since.toISOString(), { onSuccess: () => dialog.current?.close() });
  };
  const id = `replay-${name}`;
  return (
    <>
      <button type="button" className="btn" onClick={() => dialog.current?.showModal()}>
        Send again …
      </button>
      <dialog ref={dialog} className="modal" aria-labelledby={id} onClose={() => replay.reset()}>
        <div>
          <h2 id={id} className="h16">
            Send events again to {name}
          </h2>
        </div>
        <form onSubmit={submit}>
          <div className="sec gap16 formpad">
            <label className="field">
              <span>All events since, in your time zone</span>
              <input className="in" name="since" type="datetime-local" required />
            </label>
            <p className="md mut2">The receiver gets them once more, in their order, and then goes on with new ones.</p>
            {replay.error !== null && <Failure error={replay.error} />}
          </div>
          <div className="mf">
            <button type="button" className="btn" onClick={() => dialog.current?.close()}>
              Leave it
            </button>
            <button type="submit" className="btn pri" disabled={replay.isPending}>
              Send the events again
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}
