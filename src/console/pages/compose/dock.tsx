import { type RefObject, useId } from 'react';
import { channelName, count, counted } from '../../lib/say.ts';
import { sayReason } from '../../lib/verdicts.ts';
import { Failure } from '../../parts/loaded.tsx';
import { Verdict } from '../../parts/verdict.tsx';
import { type People, type Run, remarksOf } from './run.ts';

interface DockProps {
  run: Run | null;
  isRunning: boolean;
  /** Whether the document is still the one that was run. */
  isCurrent: boolean;
  people: People | null;
  /** Whether the text is JSON. */
  canRun: boolean;
  /** null: it can be sent. A text: why not yet. */
  notYet: string | null;
  sendLabel: string;
  startRun(): void;
  openSend(): void;
}

/** What a dry run of this very body says, and the two acts. */
export function Dock({ canRun, notYet, sendLabel, startRun, openSend, ...said }: DockProps) {
  const why = useId();
  return (
    <div className="dock">
      <div className="md grow" aria-live="polite">
        <Said {...said} />
        {notYet !== null && (
          <span className="sm mut2 notyet" id={why}>
            {notYet}
          </span>
        )}
      </div>
      <button
        type="button"
        className="btn"
        onClick={startRun}
        disabled={!canRun || said.isRunning}
        aria-keyshortcuts="Control+Enter Meta+Enter"
      >
        Dry run <kbd className="not-phone">⌃ ↵</kbd>
      </button>
      <button type="button" className="btn pri" onClick={openSend} disabled={notYet !== null} aria-describedby={why}>
        {sendLabel}
      </button>
    </div>
  );
}

function Said({ run, isRunning, isCurrent, people }: Pick<DockProps, 'run' | 'isRunning' | 'isCurrent' | 'people'>) {
  if (isRunning) return <b>Dry run …</b>;
  if (run === null) return <span className="mut2">No dry run yet. It says who would get what, and sends nothing.</span>;
  if (!isCurrent) return <b>Not run since the last edit.</b>;
  if (people === null) {
    const mistakes = remarksOf(run);
    return (
      <span className="refusal">
        <b>{run.error?.message}:</b> {mistakes[0]?.text} {mistakes.length > 1 && `and ${mistakes.length - 1} more`}
      </span>
    );
  }
  return <Counts people={people} />;
}

const REASONS = 2;

function Counts({ people: { targeted, lookedAt, reached, kept } }: { people: People }) {
  const left = kept.reduce((sum, one) => sum + one.count, 0);
  return (
    <span className="counts">
      <b>
        Dry run, {counted(targeted, 'person', 'people')}
        {lookedAt < targeted && `, ${count(lookedAt)} looked at`}:
      </b>
      {reached > 0 && <Verdict family="reached">{count(reached)} would get it</Verdict>}
      {left > 0 && <Verdict family="kept">{count(left)} would not</Verdict>}
      {kept.slice(0, REASONS).map(({ reason, count: number, who }) => (
        <span key={reason} className="mut2">
          {(who !== null || kept.length > 1) && `${who ?? count(number)}: `}
          {sayReason(reason)}
        </span>
      ))}
      {kept.length > REASONS && <span className="mut2">and other reasons</span>}
    </span>
  );
}

interface ConfirmProps {
  dialog: RefObject<HTMLDialogElement | null>;
  people: People | null;
  names: number;
  /** Messages by channel, as the dry run says. null: it was not run. */
  messages: readonly [channel: string, count: number][] | null;
  outside: readonly string[];
  channels: readonly string[];
  isSending: boolean;
  error: Error | null;
  send(): void;
  label: string;
}

/** The last question: how many, where to, and what it means. The safe button has the focus. */
export function Confirm(props: ConfirmProps) {
  const { dialog, people, names, messages, outside, channels, isSending, error, send, label } = props;
  const real = channels.filter((channel) => outside.includes(channel));
  return (
    <dialog ref={dialog} className="modal" aria-labelledby="confirm">
      <div>
        <h2 id="confirm" className="h16">
          {label.replace(/ …$/, '')}
        </h2>
      </div>
      <div>
        <dl className="kv">
          {people === null ? (
            <>
              <dt>people</dt>
              <dd>{count(names)} named; no dry run of this text was made</dd>
            </>
          ) : (
            <>
              <dt>people</dt>
              <dd>
                {count(people.targeted)}
                {people.isBroadcast
                  ? ', and not one more: if more fit by then, it is refused'
                  : `, of whom ${count(people.reached)} would get it`}
              </dd>
            </>
          )}
          {(messages ?? []).map(([channel, number]) => (
            <div key={channel} className="pairrow">
              <dt>{channelName(channel)}</dt>
              <dd>
                {counted(number, 'message')}{' '}
                {people !== null &&
                  people.lookedAt < people.targeted &&
                  `of ${count(people.lookedAt)} people looked at`}
              </dd>
            </div>
          ))}
          <dt>where to</dt>
          <dd>
            {real.length === 0
              ? 'the sandbox of this server: nobody outside gets anything'
              : `${real.map(channelName).join(', ')}: out of this server${real.length < channels.length ? '; the others to the sandbox' : ''}`}
          </dd>
        </dl>
        {error !== null && <Failure error={error} />}
      </div>
      <div className="mf">
        {/* biome-ignore lint/a11y/noAutofocus: the safe button has the focus */}
        <button type="button" className="btn" autoFocus onClick={() => dialog.current?.close()}>
          Leave it
        </button>
        <button type="button" className="btn pri" disabled={isSending} onClick={send}>
          {label.replace(/ …$/, '')}
        </button>
      </div>
    </dialog>
  );
}
