import { useNavigate } from '@tanstack/react-router';
import { useId, useRef, useState } from 'react';
import { change } from '../../lib/api.ts';
import type { Json } from '../../lib/document.ts';
import { useMay } from '../../lib/session.ts';
import { Changes, type Planned, Warnings } from '../../parts/changes.tsx';
import { useTouching } from '../../parts/confirm.tsx';
import { Command } from '../../parts/copy.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Failure } from '../../parts/loaded.tsx';

/** A segment that is there, as far as saving it again needs to know. */
export interface KnownSegment {
  id: string;
  name: string;
  /** Whether a file defines it, so that it is not changed here. */
  isLocked: boolean;
}

interface SaveProps {
  /** null: the JSON is not complete. */
  filter: Json | null;
  /** The segment that was opened. null: this is a new audience. */
  opened: KnownSegment | null;
  /** Called with the id once it is saved. */
  saved(id: string): void;
}

type Way = 'new' | 'change';

/** Saves the filter as a new segment, or as that of the segment that was opened, after a look at what that changes. */
export function SaveAsSegment({ filter, opened, saved }: SaveProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const isAdmin = useMay('admin');
  const maySave = useMay('sender');
  const mayChange = opened !== null && !opened.isLocked && isAdmin;
  const [openings, setOpenings] = useState(0);
  const open = () => {
    setOpenings(openings + 1); // Each look begins anew.
    dialog.current?.showModal();
  };
  const title = useId();
  return (
    <>
      <button type="button" className="btn pri" disabled={filter === null} onClick={open}>
        {mayChange ? 'Save …' : 'Save as segment …'}
      </button>
      <dialog ref={dialog} className="modal" aria-labelledby={title}>
        <div className="row between">
          <h2 id={title} className="h16">
            {maySave ? 'Save the audience' : 'A segment for the workspace file'}
          </h2>
          <button type="button" className="copy" aria-label="Close" onClick={() => dialog.current?.close()}>
            <Icon name="close" />
          </button>
        </div>
        <SaveForm
          key={openings}
          {...{ filter, opened: mayChange ? opened : null, maySave }}
          saved={(id) => {
            dialog.current?.close();
            saved(id);
          }}
        />
      </dialog>
    </>
  );
}

interface FormProps extends SaveProps {
  maySave: boolean;
}

interface Saved extends Planned {
  segment_id: string;
}

function SaveForm({ filter, opened, maySave, saved }: FormProps) {
  const [way, setWay] = useState<Way>(opened === null ? 'new' : 'change');
  const [name, setName] = useState(opened?.name ?? '');
  const [id, setId] = useState<string>(() => newId());
  const isNew = way === 'new' || opened === null;
  const asked = { name: name.trim(), filter, ...(isNew && id !== '' && { id }) };
  const send = (more: object) => {
    const path = isNew ? 'segments' : `segments/${encodeURIComponent(opened.id)}`;
    return change<Saved>(isNew ? 'POST' : 'PATCH', path, { ...asked, ...more });
  };
  const look = useTouching(() => send({ dry_run: true }), []);
  const seen = look.data;
  const save = useTouching(() => send({ plan_digest: seen?.plan_digest }), ['audience offer', 'segment']);
  const anew = () => {
    look.reset();
    save.reset();
  };
  const isComplete = asked.name !== '' && filter !== null;
  return (
    <>
      <div className="sec formpad">
        {opened !== null && (
          <Choice
            {...{ opened, way }}
            choose={(next) => {
              setWay(next);
              setName(next === 'change' ? opened.name : '');
              anew();
            }}
          />
        )}
        <Field label="Name" value={name} write={(next) => [setName(next), anew()]} />
        {isNew && <Field label="Id" value={id} write={(next) => [setId(next), anew()]} />}
        {seen !== undefined && (
          <div role="status">
            <Changes of={seen.changes} />
            <Warnings of={seen.warnings} />
          </div>
        )}
        {look.error !== null && <Failure error={look.error} />}
        {save.error !== null && <Failure error={save.error} />}
        <details>
          <summary>As lines for a workspace file</summary>
          <Command text={yamlOf(isNew ? id : opened.id, asked.name, filter)} what="the lines" />
        </details>
        {!maySave && <p className="md mut">Senders and admins may save it here.</p>}
      </div>
      {maySave && (
        <div className="mf">
          <button
            type="button"
            className={seen === undefined ? 'btn pri' : 'btn'}
            disabled={!isComplete || look.isPending}
            onClick={() => look.mutate()}
          >
            Show what would change
          </button>
          <button
            type="button"
            className="btn pri"
            disabled={seen === undefined || save.isPending}
            onClick={() => save.mutate(undefined, { onSuccess: ({ segment_id }) => saved(segment_id) })}
          >
            {isNew ? 'Save the segment' : 'Change the segment'}
          </button>
        </div>
      )}
    </>
  );
}

function Choice({ opened, way, choose }: { opened: KnownSegment; way: Way; choose(way: Way): void }) {
  const name = useId();
  return (
    <fieldset className="checks">
      <legend className="lab">Save it</legend>
      <label>
        <input type="radio" name={name} checked={way === 'change'} onChange={() => choose('change')} /> as “
        {opened.name}”
      </label>
      <label>
        <input type="radio" name={name} checked={way === 'new'} onChange={() => choose('new')} /> as a new segment
      </label>
    </fieldset>
  );
}

function Field({ label, value, write }: { label: string; value: string; write(value: string): void }) {
  return (
    <label className="field">
      <span className="lab">{label}</span>
      <input className="in" value={value} onChange={({ target }) => write(target.value)} autoComplete="off" />
    </label>
  );
}

/** A page that came by plain HTTP cannot make one; then the server does. */
function newId(): string {
  return crypto.randomUUID?.() ?? '';
}

/** JSON is YAML, if it is indented. */
function yamlOf(id: string, name: string, filter: Json | null): string {
  const indented = JSON.stringify(filter, null, 2).replaceAll('\n', '\n      ');
  return [
    'segments:',
    `  - id: ${JSON.stringify(id)}`,
    `    name: ${JSON.stringify(name)}`,
    '    filter:',
    `      ${indented}`,
    '',
  ].join('\n');
}

/** Goes to the page of a segment that was just saved. */
export function useOpenSegment(): (id: string) => void {
  const navigate = useNavigate();
  return (id) => navigate({ to: '/audiences/$segment', params: { segment: id } });
}
