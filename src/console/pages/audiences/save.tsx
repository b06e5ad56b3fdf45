import { useRef, useState } from 'react';
import type { Json } from '../../lib/document.ts';
import { Command } from '../../parts/copy.tsx';
import { Icon } from '../../parts/icon.tsx';
import type { Named } from './kinds.ts';

interface SaveProps {
  /** null: the JSON is not complete. */
  filter: Json | null;
  start: { id: string; name: string };
  known: readonly Named[];
}

/** Segments live in the workspace file, so this shows the lines for it. */
export function SaveAsSegment({ filter, start, known }: SaveProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [name, setName] = useState(start.name);
  const [id, setId] = useState<string>(() => start.id || crypto.randomUUID?.() || '');
  const same = known.find((one) => one.id === id);
  const namesake = known.find((one) => one.name === name.trim() && one.id !== id);
  return (
    <>
      <button type="button" className="btn pri" disabled={filter === null} onClick={() => dialog.current?.showModal()}>
        Save as segment …
      </button>
      <dialog ref={dialog} className="modal" aria-labelledby="save">
        <div className="row between">
          <h2 id="save" className="h16">
            A segment for the workspace file
          </h2>
          <button type="button" className="copy" aria-label="Close" onClick={() => dialog.current?.close()}>
            <Icon name="close" />
          </button>
        </div>
        <div className="sec">
          <p className="md mut2">
            Segments come from the workspace file. Put these lines into yours, or into a file of their own, and run{' '}
            <code>cresset apply</code>: it changes nothing that a file does not name.
          </p>
          <label className="field">
            <span className="lab">Name</span>
            <input className="in" value={name} onChange={({ target }) => setName(target.value)} autoComplete="off" />
          </label>
          <label className="field">
            <span className="lab">Id</span>
            <input className="in" value={id} onChange={({ target }) => setId(target.value)} autoComplete="off" />
          </label>
          {same !== undefined && <p className="md v-warn">This changes the segment “{same.name}”.</p>}
          {namesake !== undefined && (
            <p className="md v-warn">Another segment has this name, and an apply refuses it.</p>
          )}
          {id !== '' && name.trim() !== '' ? (
            <Command text={yamlOf(id, name.trim(), filter)} what="the lines" />
          ) : (
            <p className="md mut">It needs a name and an id.</p>
          )}
        </div>
      </dialog>
    </>
  );
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
