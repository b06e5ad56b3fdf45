import { type FormEvent, useRef } from 'react';
import { change } from '../../lib/api.ts';
import { useMe } from '../../lib/session.ts';
import { useTouching } from '../../parts/confirm.tsx';
import { Failure } from '../../parts/loaded.tsx';

/** With one workspace nothing is said of workspaces. */
function useSeveral() {
  const workspaces = useMe().data?.workspaces ?? [];
  return workspaces.length > 1 ? workspaces : null;
}

export function WorkspacesHead() {
  return useSeveral() === null ? null : <th scope="col">Workspaces</th>;
}

/** Which workspaces an operator may enter, and a dialog that changes it. */
export function WorkspacesCell({ name, workspaces }: { name: string; workspaces: number[] | null }) {
  const all = useSeveral();
  const dialog = useRef<HTMLDialogElement>(null);
  const restrict = useTouching<unknown, number[] | null>(
    (ids) => change('PATCH', `operators/${encodeURIComponent(name)}`, { workspaces: ids }),
    ['operators', 'sessions', 'me'],
  );
  if (all === null) return null;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const ids = new FormData(event.currentTarget).getAll('workspace').map(Number);
    restrict.mutate(ids.length === all.length || ids.length === 0 ? null : ids, {
      onSuccess: () => dialog.current?.close(),
    });
  };
  const names = all.filter(({ workspace_id: id }) => workspaces?.includes(id)).map((one) => one.name);
  return (
    <td className="l2">
      {workspaces === null ? 'all' : names.join(', ')}{' '}
      <button
        type="button"
        className="linkbtn"
        aria-label={`Workspaces of ${name}`}
        onClick={() => dialog.current?.showModal()}
      >
        Change …
      </button>
      <dialog ref={dialog} className="modal" aria-label={`Workspaces of ${name}`} onClose={() => restrict.reset()}>
        <form onSubmit={submit}>
          <fieldset className="sec gap16 formpad">
            <legend>{name} may enter</legend>
            {all.map(({ workspace_id, name: workspace }) => (
              <label key={workspace_id} className="row">
                <input
                  type="checkbox"
                  name="workspace"
                  value={workspace_id}
                  defaultChecked={workspaces === null || workspaces.includes(workspace_id)}
                />{' '}
                {workspace}
              </label>
            ))}
            <p className="mut2">All, or none, means every workspace, also those that are added later.</p>
            {restrict.error !== null && <Failure error={restrict.error} />}
          </fieldset>
          <div className="mf">
            <button type="button" className="btn" onClick={() => dialog.current?.close()}>
              Leave it
            </button>
            <button type="submit" className="btn pri" disabled={restrict.isPending}>
              Change it
            </button>
          </div>
        </form>
      </dialog>
    </td>
  );
}
