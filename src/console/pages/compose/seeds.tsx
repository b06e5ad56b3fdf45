import { Link } from '@tanstack/react-router';
import { useRef } from 'react';
import { useDraft } from '../../lib/draft.ts';
import { channelName, counted } from '../../lib/say.ts';
import { Failure } from '../../parts/loaded.tsx';
import { textFor } from './as-test.ts';
import { useSend } from './run.ts';

interface SeedsProps {
  /** null: the JSON is not complete. */
  text: string | null;
  channels: readonly string[];
  /** Channels whose messages leave the server. */
  outside: readonly string[];
  /** Name of the operator, whose list it is. */
  name: string;
}

/** Sends the message to a few people first: a list that each operator keeps in the browser. */
export function Seeds({ text, channels, outside, name }: SeedsProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { draft, write } = useDraft(`seeds ${name}`, '');
  const send = useSend(() => undefined);
  const people = [...new Set(draft.text.split(/[\s,;]+/).filter((id) => id !== ''))];
  const real = channels.filter((channel) => outside.includes(channel));
  const sent = send.data?.dispatch_id;
  const verb = `Send a test to ${counted(people.length, 'person', 'people')}`;
  return (
    <>
      <button
        type="button"
        className="btn ghost"
        disabled={text === null || channels.length === 0}
        onClick={() => dialog.current?.showModal()}
      >
        Test send …
      </button>
      <dialog ref={dialog} className="modal" aria-labelledby="seeds" onClose={() => send.reset()}>
        <div>
          <h2 id="seeds" className="h16">
            Send it to a few people first
          </h2>
        </div>
        <div className="sec gap16">
          <label className="field">
            <span>External ids, kept in this browser</span>
            <textarea
              className="in area"
              rows={3}
              spellCheck={false}
              value={draft.text}
              onChange={({ target }) => write(target.value)}
            />
          </label>
          <p className="md mut2">
            The same messages at once, to these people instead of those of the document, and in no numbers of a
            campaign. Caps, states and quiet hours count as always.{' '}
            {real.length === 0
              ? 'All go to the sandbox of this server: nobody outside gets anything.'
              : `${real.map(channelName).join(', ')}: out of this server${real.length < channels.length ? '; the others to the sandbox.' : '.'}`}
          </p>
          {send.error !== null && <Failure error={send.error} />}
          <p className="md" role="status">
            {sent !== undefined && (
              <>
                It is sent:{' '}
                <Link to="/dispatches/$dispatch" params={{ dispatch: sent }}>
                  the dispatch
                </Link>{' '}
                says who got it.
              </>
            )}
          </p>
        </div>
        <div className="mf">
          <button type="button" className="btn" onClick={() => dialog.current?.close()}>
            {sent === undefined ? 'Leave it' : 'Close'}
          </button>
          <button
            type="button"
            className="btn pri"
            disabled={people.length === 0 || send.isPending || text === null}
            onClick={() => text !== null && send.mutate(textFor(text, people, ['campaign_id']))}
          >
            {verb}
            {real.length > 0 && ', for real'}
          </button>
        </div>
      </dialog>
    </>
  );
}
