import type { Me } from '../lib/session.ts';
import { pathIn } from '../lib/workspace.ts';
import './workspaces.css';

/** Chooses among the workspaces that the operator may enter. With one there is nothing to choose. */
export function WorkspaceSwitch({ me }: { me: Me | undefined }) {
  if (me === undefined || me.workspaces.length < 2) return null;
  return (
    <label className="wsswitch">
      <span className="sr">Workspace</span>
      <select
        className="pick1"
        value={me.workspace_id}
        // A page of another workspace is loaded anew: nothing that was read of this one stays.
        onChange={(event) => location.assign(pathIn(Number(event.target.value)))}
      >
        {me.workspaces.map(({ workspace_id, name }) => (
          <option key={workspace_id} value={workspace_id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A URL names a workspace that is not there, or not for this operator. */
export function NoWorkspace() {
  return (
    <main className="page">
      <h1>There is no such workspace</h1>
      <p className="mut2">
        Or you may not enter it. <a href={pathIn()}>Go to one that you may enter</a>
      </p>
    </main>
  );
}
