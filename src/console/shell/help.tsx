import type { RefObject } from 'react';
import { useMay } from '../lib/session.ts';
import { Icon } from '../parts/icon.tsx';
import { entries } from './entries.ts';

/** The list of keys. */
export function KeyHelp({ dialog }: { dialog: RefObject<HTMLDialogElement | null> }) {
  const maySend = useMay('sender');
  const rows: readonly (readonly [string, string])[] = [
    ['/', 'Find'],
    ...(maySend
      ? ([
          ['c', 'Compose'],
          ['Ctrl/⌘ ↵', 'Dry run, in Compose'],
          ['Ctrl/⌘ Shift ↵', 'Send, in Compose'],
        ] as const)
      : []),
    ...entries.map(({ key, name }): [string, string] => [`g ${key}`, name]),
    ['Esc', 'Close one layer'],
    ['?', 'This list'],
  ];
  return (
    <dialog ref={dialog} className="modal" aria-labelledby="keys">
      <div className="row between">
        <h2 id="keys">Keys</h2>
        <button type="button" className="copy" aria-label="Close" onClick={() => dialog.current?.close()}>
          <Icon name="close" />
        </button>
      </div>
      <div>
        <dl className="kv">
          {rows.map(([key, does]) => (
            <div key={key} className="pairrow">
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
      </div>
    </dialog>
  );
}
