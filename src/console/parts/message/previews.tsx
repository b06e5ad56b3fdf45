import { useMutation } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { channelName } from '../../lib/say.ts';
import { sayReason } from '../../lib/verdicts.ts';
import { Failure } from '../loaded.tsx';
import { OneMessage } from './one-message.tsx';
import type { Previewed, Previews } from './previewed.ts';

interface AsPersonProps {
  /** Shows it as the person or, with null, as somebody of whom nothing is known. */
  ask(person: string | null): Promise<Previews>;
  /** An empty field shows it as somebody of whom nothing is known. */
  mayBeNobody?: true;
  show?(preview: Previewed): ReactNode;
}

/** The messages as a chosen person would get them. */
export function AsPerson({ ask, mayBeNobody, show = showMessage }: AsPersonProps) {
  const [person, setPerson] = useState('');
  const preview = useMutation({ mutationFn: ask });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const chosen = person.trim();
    if (chosen !== '' || mayBeNobody === true) preview.mutate(chosen === '' ? null : chosen);
  };
  return (
    <>
      <form className="row" onSubmit={submit}>
        <input
          className="in grow"
          aria-label="Preview as the person with the external id"
          placeholder={mayBeNobody === true ? 'external id; empty: nobody is known' : 'as external id …'}
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
          {preview.variables}: {sayReason(reason ?? status)}
        </p>
      ))}
      {preview.data !== undefined && <PreviewList previews={preview.data.previews} show={show} />}
    </>
  );
}

interface ListProps extends Required<Pick<AsPersonProps, 'show'>> {
  previews: readonly Previewed[];
}

/** Each message or why there is none, and the names that are missing in all of them. */
export function PreviewList({ previews, show }: ListProps) {
  return (
    <>
      <Gaps names={gapsIn(previews)} />
      {previews.map((one) => (
        <div key={one.channel} className="sec">
          {show(one)}
        </div>
      ))}
    </>
  );
}

/** The names without a value and without a default. */
export function gapsIn(previews: readonly Previewed[]): string[] {
  return [...new Set(previews.flatMap(({ missing }) => missing.map(({ name }) => name)))];
}

function Gaps({ names }: { names: readonly string[] }) {
  if (names.length === 0) return null;
  return (
    <p className="md mut2 gaps">
      Without a default:{' '}
      {names.map((name) => (
        <span key={name} className="gap">
          {name.replace(/^.*\$\{(.*)\}$/, '$1')}
        </span>
      ))}
    </p>
  );
}

/** The message as its person would see it. */
export function showMessage(preview: Previewed): ReactNode {
  const { message } = preview;
  return message === null ? <NoMessage preview={preview} /> : <OneMessage sample={{ ...preview, message }} />;
}

/** Why there is none. `what`: default the channel. */
export function NoMessage({ preview: { channel, problem }, what }: { preview: Previewed; what?: string }) {
  return (
    <p className="md refusal">
      {what ?? channelName(channel)}: {sayReason(problem?.reason ?? '')}
      {problem?.detail != null && `: ${problem.detail}`}
    </p>
  );
}
