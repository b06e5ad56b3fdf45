import { type FormEvent, useState } from 'react';
import { isObject } from '../../lib/document.ts';
import { channelName } from '../../lib/say.ts';
import { useMay } from '../../lib/session.ts';
import { sayReason } from '../../lib/verdicts.ts';
import { Failure } from '../../parts/loaded.tsx';
import { OneMessage } from '../compose/one-message.tsx';
import type { Previewed } from '../compose/run.ts';
import { type Texts, usePreviewOf } from './stored.ts';

/** The texts as a person gets them, or somebody of whom nothing is known, before they are stored. */
export function Preview({ kind, texts }: { kind: 'template' | 'block'; texts: Texts }) {
  const maySend = useMay('sender');
  const [person, setPerson] = useState('');
  const preview = usePreviewOf(kind);
  const show = (event: FormEvent) => {
    event.preventDefault();
    preview.mutate({ texts, person: person.trim() === '' ? null : person.trim() });
  };
  if (!maySend) return <p className="sm mut">Senders and admins see previews.</p>;
  return (
    <section className="sec gap16" aria-label="Preview">
      <form className="row wrap" onSubmit={show}>
        <input
          className="in grow"
          aria-label="External id of a person"
          placeholder="external id; empty: nobody is known"
          autoComplete="off"
          spellCheck={false}
          value={person}
          onChange={(event) => setPerson(event.target.value)}
        />
        <button type="submit" className="btn" disabled={preview.isPending}>
          Preview
        </button>
      </form>
      {preview.error !== null && <Failure error={preview.error} />}
      {preview.data?.refused.map(({ reason, status }) => (
        <p key={reason} className="md mut2">
          {preview.variables?.person}: {sayReason(reason ?? status)}
        </p>
      ))}
      {preview.data?.previews.map((one) => (
        <Shown key={one.channel} kind={kind} preview={one} />
      ))}
    </section>
  );
}

function Shown({ kind, preview }: { kind: 'template' | 'block'; preview: Previewed }) {
  const { message, problem, channel, missing } = preview;
  return (
    <>
      {missing.length > 0 && (
        <p className="md mut2 gaps">
          Missing:{' '}
          {missing.map(({ name }) => (
            <span key={name} className="gap">
              {name.replace(/^.*\$\{(.*)\}$/, '$1')}
            </span>
          ))}
        </p>
      )}
      {message === null && (
        <p className="md refusal">
          {kind === 'block' ? 'Block' : channelName(channel)}: {sayReason(problem?.reason ?? '')}
          {problem?.detail != null && `: ${problem.detail}`}
        </p>
      )}
      {message !== null && kind === 'template' && <OneMessage sample={{ ...preview, message }} />}
      {message !== null && kind === 'block' && (
        <pre className="json raw1 frame pad">{String(isObject(message) ? message.body : '')}</pre>
      )}
    </>
  );
}
