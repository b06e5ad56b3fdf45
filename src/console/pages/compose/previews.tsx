import { type FormEvent, useState } from 'react';
import { channelName } from '../../lib/say.ts';
import { sayReason } from '../../lib/verdicts.ts';
import { Failure } from '../../parts/loaded.tsx';
import { OneMessage } from './one-message.tsx';
import { type Previewed, usePreview } from './run.ts';

/** The message as somebody gets it of whom nothing is known: what is missing there is the bug nobody looks for. */
export function EmptyProfile({ previews }: { previews: readonly Previewed[] }) {
  const gaps = new Set(previews.flatMap(({ missing }) => missing.map(({ name }) => name)));
  return (
    <>
      <h2>
        Empty profile{' '}
        <span className="mut">{gaps.size === 0 ? 'no gap' : gaps.size === 1 ? '1 gap' : `${gaps.size} gaps`}</span>
      </h2>
      {gaps.size > 0 && (
        <p className="md mut2 gaps">
          Without a default:{' '}
          {[...gaps].map((name) => (
            <span key={name} className="gap">
              {name.replace(/^.*\$\{(.*)\}$/, '$1')}
            </span>
          ))}
        </p>
      )}
      {previews.map((preview) => (
        <OnePreview key={preview.channel} preview={preview} />
      ))}
    </>
  );
}

/** Why that message could not be shown. */
export function NoEmptyProfile({ error }: { error: Error }) {
  return (
    <>
      <h2>Empty profile</h2>
      <Failure error={error} />
    </>
  );
}

function OnePreview({ preview }: { preview: Previewed }) {
  const { message, problem, channel } = preview;
  if (message !== null) return <OneMessage sample={{ ...preview, message }} />;
  return (
    <p className="md refusal">
      {channelName(channel)}: {sayReason(problem?.reason ?? '')}
      {problem?.detail != null && `: ${problem.detail}`}
    </p>
  );
}

/** The message as a chosen person would get it, whoever is named. */
export function AsPerson({ text }: { text: string }) {
  const [person, setPerson] = useState('');
  const preview = usePreview();
  const show = (event: FormEvent) => {
    event.preventDefault();
    if (person.trim() !== '') preview.mutate({ text, person: person.trim() });
  };
  return (
    <>
      <form className="row" onSubmit={show}>
        <input
          className="in"
          aria-label="Preview as the person with the external id"
          placeholder="as external id …"
          autoComplete="off"
          spellCheck={false}
          value={person}
          onChange={(event) => setPerson(event.target.value)}
        />
        <button type="submit" className="btn" disabled={preview.isPending}>
          Show
        </button>
      </form>
      {preview.error !== null && <Failure error={preview.error} />}
      {preview.data?.refused.map(({ reason, status }) => (
        <p key={reason} className="md mut2">
          {preview.variables?.person}: {sayReason(reason ?? status)}
        </p>
      ))}
      {preview.data?.previews.map((one) => (
        <OnePreview key={one.channel} preview={one} />
      ))}
    </>
  );
}
