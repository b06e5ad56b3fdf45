import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useMemo, useRef } from 'react';
import { read } from '../../lib/api.ts';
import { counted } from '../../lib/say.ts';
import { useMay, useMe } from '../../lib/session.ts';
import { useTitle } from '../../lib/title.ts';
import { Icon } from '../../parts/icon.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import type { Offer } from './channels.ts';
import './compose.css';
import { composeKey, EMPTY_MESSAGE } from '../../lib/compose-draft.ts';
import { isObject, isSame, type Json, type PlacedRemark, parsed, placed, withValue } from '../../lib/document.ts';
import { useDraft } from '../../lib/draft.ts';
import { isDesk } from '../../lib/width.ts';
import { Confirm, Dock } from './dock.tsx';
import { Form } from './form.tsx';
import { Head } from './head.tsx';
import { Outcome, Remarks } from './outcome.tsx';
import { messagesOf, type People, peopleOf, previewOf, type Run, remarksOf, useDryRun, useSend } from './run.ts';
import { isBroadcastBody, namesIn } from './targets.tsx';

const Editor = lazy(() => import('../../parts/editor.tsx').then(({ Editor: one }) => ({ default: one })));

/** Writing a message: form and JSON of one document, what a dry run of it says, and sending it. */
export function Compose() {
  const maySend = useMay('sender');
  const me = useMe();
  useTitle('Compose');
  const offer = useQuery({
    queryKey: ['compose'],
    queryFn: ({ signal }) => read<Offer>('compose', signal),
    enabled: maySend,
    staleTime: 30_000,
  });
  if (!maySend)
    return (
      <div className="page">
        <h1>Compose</h1>
        <p className="mut2">Senders and admins may send.</p>
      </div>
    );
  return (
    <Loaded query={offer} rows={6}>
      {(data) => <Composer offer={data} name={me.data?.operator.name ?? ''} url={me.data?.public_url ?? ''} />}
    </Loaded>
  );
}

function Composer({ offer, name, url }: { offer: Offer; name: string; url: string }) {
  const { draft, write, forget } = useDraft(composeKey(name), EMPTY_MESSAGE);
  const { text } = draft;
  const { body, problem } = parsed(text);
  const dry = useDryRun();
  const navigate = useNavigate();
  const confirm = useRef<HTMLDialogElement>(null);
  const send = useSend(async (dispatch) => {
    confirm.current?.close();
    forget();
    await navigate({ to: '/dispatches/$dispatch', params: { dispatch } });
  });
  const said = standingOf(text, body, dry.run, offer);
  const { isCurrent, people, isBroadcast } = said;
  const remarks = useMemo(
    () => (dry.run === null ? [] : placed(text, isCurrent ? remarksOf(dry.run) : [])),
    [text, dry.run, isCurrent],
  );
  const { missing } = said;
  const openSend = () => {
    send.reset();
    if (missing === null) confirm.current?.showModal();
  };
  const empty = useMutation({ mutationFn: (of: string) => previewOf(of, null) });
  const startRun = () => {
    if (body === null) return;
    dry.start(text);
    empty.mutate(text);
  };
  useComposeKeys(startRun, openSend);
  return (
    <>
      <Head
        {...{ text, body, offer, name, url }}
        at={draft.at}
        restart={() => [forget(), dry.forget(), empty.reset()]}
      />
      <div className="comp">
        <section aria-label="Form">
          {body === null ? (
            <p className="md mut2">The form goes on once the JSON is complete: {problem}.</p>
          ) : (
            <Form text={text} body={body} offer={offer} write={write} />
          )}
        </section>
        <JsonPane text={text} problem={problem} remarks={remarks} write={write} />
        <section aria-label="Dry run">
          <h2>What would happen</h2>
          <Remarks remarks={remarks} />
          {dry.run?.answer ? (
            <Outcome answer={dry.run.answer} isCurrent={isCurrent} text={text} empty={empty} />
          ) : (
            <p className="md mut2">
              A dry run shows here who would get it, who would not and why, and the messages themselves.
            </p>
          )}
        </section>
      </div>
      <Dock
        {...{ run: dry.run, isRunning: dry.isRunning, isCurrent, people, startRun, openSend }}
        notYet={missing?.why ?? null}
        canRun={body !== null}
        sendLabel={missing?.label ?? said.label}
      />
      <Confirm
        {...{ dialog: confirm, people, outside: offer.outside, label: said.label, error: send.error }}
        names={body === null ? 0 : namesIn(body).length}
        messages={said.messages}
        channels={said.channels}
        isSending={send.isPending}
        send={() => send.mutate(sent(text, isBroadcast ? (people?.targeted ?? null) : null))}
      />
    </>
  );
}

/** The text as it is sent: for real, and a broadcast with the number of people as an upper bound. */
function sent(text: string, atMost: number | null): string {
  const { body } = parsed(text);
  const isDry = isObject(body?.cresset) && body.cresset.dry_run !== undefined;
  const real = isDry ? withValue(text, ['cresset', 'dry_run'], undefined) : text;
  return atMost === null ? real : withValue(real, ['cresset', 'at_most'], atMost);
}

interface Standing {
  isCurrent: boolean;
  isBroadcast: boolean;
  people: People | null;
  messages: [channel: string, count: number][] | null;
  channels: string[];
  /** null: it can be sent. */
  missing: Missing | null;
  label: string;
}

/** What must be there before it can be sent. `label`: what the button says instead of sending; absent: as ever. */
interface Missing {
  why: string;
  label?: string;
}

/** Where the document stands: what the dry run said of it, if it is still the same, and whether it can be sent. */
function standingOf(text: string, body: Json | null, run: Run | null, { outside }: Offer): Standing {
  const isCurrent = run !== null && isSame(run.text, text);
  const answer = isCurrent ? run.answer : null;
  const isBroadcast = body !== null && isBroadcastBody(body);
  const channels = Object.keys(isObject(body?.messages) ? body.messages : {});
  const messages = answer === null ? null : messagesOf(answer);
  const isReal = channels.some((channel) => outside.includes(channel));
  return {
    ...{ isCurrent, isBroadcast, channels, messages },
    people: answer === null ? null : peopleOf(answer, isBroadcast),
    missing: missingOf({
      isCurrent,
      isBroadcast,
      isBroken: body === null,
      isRefused: isCurrent && run.error !== null,
      isEmpty: channels.length === 0,
    }),
    label: labelOf({ isBroadcast, isReal, channels, messages, targeted: answer?.counts.targeted ?? null }),
  };
}

function missingOf(about: {
  isCurrent: boolean;
  isBroadcast: boolean;
  isBroken: boolean;
  isRefused: boolean;
  isEmpty: boolean;
}): Missing | null {
  if (about.isBroken) return { why: 'The JSON has a mistake.', label: 'Mend the JSON to send it' };
  if (about.isEmpty) return { why: 'It has no message yet.', label: 'Add a message to send it' };
  if (about.isRefused) return { why: 'The API refuses it as it is.' };
  if (about.isBroadcast && !about.isCurrent)
    return { why: 'A broadcast needs a dry run of this text first.', label: 'Run it dry to send it' };
  return null;
}

interface LabelFacts extends Pick<Standing, 'isBroadcast' | 'channels' | 'messages'> {
  isReal: boolean;
  targeted: number | null;
}

/** The name of the button: how many, and whether they are real. */
function labelOf({ isBroadcast, isReal, channels, messages, targeted }: LabelFacts): string {
  const where = isReal ? '' : ' to the sandbox';
  if (messages === null || targeted === null) return isReal ? 'Send for real …' : 'Send to the sandbox …';
  if (isBroadcast)
    return `Send to at most ${counted(targeted, 'person', 'people')}${isReal ? '' : ', in the sandbox'} …`;
  const total = messages.reduce((sum, [, number]) => sum + number, 0);
  const thing = channels.length === 1 && channels[0] === 'email' ? 'email' : 'message';
  return `Send ${counted(total, isReal ? `real ${thing}` : thing)}${where} …`;
}

function useComposeKeys(startRun: () => void, openSend: () => void): void {
  const acts = useRef({ startRun, openSend });
  acts.current = { startRun, openSend };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      if (event.shiftKey) acts.current.openSend();
      else acts.current.startRun();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

interface JsonPaneProps {
  text: string;
  problem: string | null;
  remarks: readonly PlacedRemark[];
  write(text: string): void;
}

/** The JSON: an editor at a desk, to be read on a phone. */
function JsonPane({ text, problem, remarks, write }: JsonPaneProps) {
  const warnings = remarks.filter(({ kind }) => kind === 'warning').length;
  const mistakes = remarks.length - warnings;
  return (
    <section aria-label="JSON">
      <div className="row between">
        <h2>POST /messages/send</h2>
        {problem !== null && <span className="refusal">{problem}</span>}
        {mistakes > 0 && <span className="refusal">{counted(mistakes, 'mistake')}</span>}
        {warnings > 0 && (
          <span className="v v-warn sm">
            <Icon name="warning" />
            {counted(warnings, 'warning')}
          </span>
        )}
      </div>
      {isDesk() ? (
        <Suspense fallback={<pre className="json">{text}</pre>}>
          <Editor label="The request as JSON" text={text} remarks={remarks} write={write} />
        </Suspense>
      ) : (
        <pre className="json">{text}</pre>
      )}
    </section>
  );
}
