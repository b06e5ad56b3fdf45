import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { change, urlOf } from '../../lib/api.ts';
import { count, counted } from '../../lib/say.ts';
import { useMay } from '../../lib/session.ts';
import { Confirm, useTouching } from '../../parts/confirm.tsx';
import { Command } from '../../parts/copy.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Failure } from '../../parts/loaded.tsx';
import { Time } from '../../parts/time.tsx';
import type { Dispatch } from './dispatch.tsx';

interface FrozenSet {
  set_id: string;
  recipients: number;
  in_doubt: number;
  frozen_at: string;
  expires_at: string;
  filter: { statuses: string[] };
}

/** Pause and resume at once, as they undo each other. Cancel and "try again" ask first. */
export function Acts({ dispatch }: { dispatch: Dispatch }) {
  const maySend = useMay('sender');
  const { state } = dispatch;
  const isOver = state === 'finished' || state === 'cancelled';
  const isPaused = state === 'paused';
  if (!maySend) return <p className="sm mut">Senders and admins may pause, cancel and try again.</p>;
  if (state === 'failed') return null;
  return (
    <div className="row wrap">
      {isOver ? (
        <TryAgain dispatch={dispatch} />
      ) : (
        <>
          <Move id={dispatch.dispatch_id} verb={isPaused ? 'resume' : 'pause'} />
          <Cancel dispatch={dispatch} />
        </>
      )}
    </div>
  );
}

function Move({ id, verb }: { id: string; verb: 'pause' | 'resume' }) {
  const move = useTouching(() => change('POST', `dispatches/${id}/${verb}`), ['dispatch']);
  return (
    <>
      <button type="button" className="btn" onClick={() => move.mutate()} disabled={move.isPending}>
        <Icon name={verb === 'pause' ? 'pause' : 'play'} />
        {verb === 'pause' ? 'Pause' : 'Resume'}
      </button>
      {move.error !== null && <Failure error={move.error} />}
    </>
  );
}

function Cancel({ dispatch: { dispatch_id: id, channels, state } }: { dispatch: Dispatch }) {
  const counts = Object.values(channels);
  const sum = (outcome: string) => counts.reduce((all, one) => all + (one[outcome] ?? 0), 0);
  const waiting = sum('pending') + sum('held');
  return (
    <Confirm
      label="Cancel …"
      isButton
      title="Cancel this dispatch"
      verb={`Cancel ${count(waiting)} waiting`}
      act={() => change('POST', `dispatches/${id}/cancel`)}
      touches={['dispatch']}
    >
      <dl className="kv">
        <dt>will not go out</dt>
        <dd>{counted(waiting, 'message')}</dd>
        <dt>out already</dt>
        <dd>{counted(sum('sent'), 'message')}</dd>
        <dt>being handed over</dt>
        <dd>{counted(sum('sending'), 'message')}</dd>
      </dl>
      {state !== 'paused' && <p className="md mut2">It runs, so these numbers change until it is paused.</p>}
    </Confirm>
  );
}

const tryable = ['failed', 'expired', 'aborted', 'cancelled', 'unknown'] as const;

/** Counts a set first, then acts on that set, once. */
function TryAgain({ dispatch }: { dispatch: Dispatch }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const queries = useQueryClient();
  const id = dispatch.dispatch_id;
  const [statuses, setStatuses] = useState<readonly string[]>(['failed']);
  const freeze = useMutation({
    mutationFn: () => change<{ set: FrozenSet }>('POST', `dispatches/${id}/sets`, { statuses }),
  });
  const replay = useMutation({
    mutationFn: (set: string) => change('POST', `sets/${set}/replay`),
    onSuccess: async () => {
      dialog.current?.close();
      freeze.reset();
      await queries.invalidateQueries({ queryKey: ['dispatch', id] });
    },
  });
  const set = freeze.data?.set ?? null;
  const toggle = (status: string) => {
    freeze.reset();
    setStatuses(statuses.includes(status) ? statuses.filter((one) => one !== status) : [...statuses, status]);
  };
  return (
    <>
      <button type="button" className="btn" onClick={() => dialog.current?.showModal()}>
        Try again …
      </button>
      <dialog ref={dialog} className="modal" aria-labelledby="again" onClose={() => freeze.reset()}>
        <div>
          <h2 id="again" className="h16">
            {set === null ? 'Which messages to try again' : `Try ${counted(set.recipients, 'message')} again`}
          </h2>
        </div>
        <div>
          <fieldset className="checks">
            <legend className="lab">Messages that are</legend>
            {tryable.map((status) => (
              <label key={status}>
                <input type="checkbox" checked={statuses.includes(status)} onChange={() => toggle(status)} /> {status}
              </label>
            ))}
          </fieldset>
          {set !== null && (
            <>
              <p className="md">
                Counted <Time at={set.frozen_at} />. This set can be used once, until <Time at={set.expires_at} /> and
                nothing is added to it.
              </p>
              {set.in_doubt > 0 && (
                <p className="md v-warn">
                  {counted(set.in_doubt, 'person has', 'people have')} perhaps got the message already.
                </p>
              )}
              <Command
                text={`curl -X POST ${urlOf(`sets/${set.set_id}/replay`)} -b cookies.txt -H 'X-Cresset-Console: 1' -d '{}'`}
              />
            </>
          )}
          {freeze.error !== null && <Failure error={freeze.error} />}
          {replay.error !== null && <Failure error={replay.error} />}
        </div>
        <div className="mf">
          <button type="button" className="btn" onClick={() => dialog.current?.close()}>
            Leave it
          </button>
          {set === null ? (
            <button
              type="button"
              className="btn pri"
              disabled={statuses.length === 0 || freeze.isPending}
              onClick={() => freeze.mutate()}
            >
              Count them
            </button>
          ) : (
            <button
              type="button"
              className="btn pri"
              disabled={set.recipients === 0 || replay.isPending}
              onClick={() => replay.mutate(set.set_id)}
            >
              Try {counted(set.recipients, 'message')} again
            </button>
          )}
        </div>
      </dialog>
    </>
  );
}
