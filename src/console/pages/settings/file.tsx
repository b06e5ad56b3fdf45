import { useMutation, useQuery } from '@tanstack/react-query';
import { read } from '../../lib/api.ts';
import { counted } from '../../lib/say.ts';
import { type Change, Changes } from '../../parts/changes.tsx';
import { Command, CopyButton } from '../../parts/copy.tsx';
import { Failure, Loaded, Waiting } from '../../parts/loaded.tsx';
import { Time } from '../../parts/time.tsx';
import { Verdict } from '../../parts/verdict.tsx';

interface FileState {
  applied: readonly {
    at: string;
    again_at: string;
    by: string;
    file: string;
    digest: string;
    changes: readonly Change[];
  }[];
  server_file: null | {
    file: string;
    digest: string | null;
    changes: readonly Change[];
    warnings: readonly string[];
    problems: readonly string[];
  };
  is_comparing: boolean;
}

/** How often to ask for a comparison that is being made. */
const COMPARING_MS = 1_000;

interface Exported {
  yaml: string;
  variables: readonly { name: string; path: string; value: string | null }[];
}

/** Which file was applied when, what has drifted from it, and what is applied now as a file. */
export function FilePage() {
  const state = useQuery({
    queryKey: ['workspace-file'],
    queryFn: ({ signal }) => read<FileState>('workspace-file/state', signal),
    refetchInterval: ({ state: { data } }) => (data?.is_comparing ? COMPARING_MS : false),
  });
  return (
    <>
      <Loaded query={state}>
        {({ applied, server_file: file, is_comparing: isComparing }) => (
          <>
            {file === null && isComparing ? (
              <Waiting rows={2} said="Comparing the file" />
            ) : (
              <Drift file={file} applied={applied} />
            )}
            <Applied applied={applied} />
          </>
        )}
      </Loaded>
      <Export />
    </>
  );
}

function Drift({ file, applied }: { file: FileState['server_file']; applied: FileState['applied'] }) {
  if (file === null)
    return (
      <section className="sec">
        <h2>This server applies no file at its start</h2>
        <p className="md mut2">
          So it cannot be compared with what is applied. Set <code>CRESSET_WORKSPACE</code>, or compare by hand:
        </p>
        <Command text="cresset apply --dry-run workspace.yaml" />
      </section>
    );
  const drifted = file.changes.filter(({ kind }) => kind === 'create' || kind === 'change');
  const rest = file.changes.filter(({ kind }) => kind === 'not in the file');
  return (
    <section className="sec">
      <h2>
        {file.problems.length > 0 ? (
          <Verdict family="failed">{file.file} cannot be used</Verdict>
        ) : drifted.length === 0 ? (
          <Verdict family="reached">{file.file} and what is applied are the same</Verdict>
        ) : (
          <Verdict family="unclear">
            {file.file} would change {counted(drifted.length, 'thing')}
          </Verdict>
        )}
      </h2>
      {file.digest !== null && file.digest !== applied.find((one) => one.file === file.file)?.digest && (
        <p className="md mut2">Its text is not the one that was applied last.</p>
      )}
      {[...file.problems, ...file.warnings].map((line) => (
        <p key={line} className={file.problems.includes(line) ? 'md refusal' : 'md v-warn'}>
          {line}
        </p>
      ))}
      <Changes of={drifted} />
      {rest.length > 0 && (
        <details className="few">
          <summary>{counted(rest.length, 'thing is', 'things are')} not in the file, and left alone</summary>
          <Changes of={rest} />
        </details>
      )}
    </section>
  );
}

function Applied({ applied }: { applied: FileState['applied'] }) {
  return (
    <section className="sec">
      <h2>Files that were applied</h2>
      {applied.length === 0 && <p className="md mut2">None was, since this version.</p>}
      {applied.length > 0 && (
        <table className="stk set">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">File</th>
              <th scope="col">By</th>
              <th scope="col">SHA-256</th>
              <th scope="col">What it did</th>
            </tr>
          </thead>
          <tbody>
            {applied.map(({ at, again_at, by, file, digest, changes }) => (
              <tr key={at}>
                <td>
                  <Time at={at} />
                </td>
                <td className="m">{file}</td>
                <td className="p2">{by}</td>
                <td className="p2">
                  <code>{digest.slice(0, 8)}…</code> <CopyButton text={digest} what="the digest" />
                </td>
                <td className="l2">
                  {changes.length === 0 ? (
                    <span className="mut2">nothing</span>
                  ) : (
                    <details className="few">
                      <summary>{counted(changes.length, 'change')}</summary>
                      <Changes of={changes} />
                    </details>
                  )}
                  <span className="sub only-phone">by {by}</span>
                  {again_at !== at && (
                    <span className="sub">
                      {' '}
                      again <Time at={again_at} />
                    </span>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Export() {
  const file = useMutation({ mutationFn: () => read<Exported>('workspace-file') });
  return (
    <section className="sec">
      <h2>Export</h2>
      <p className="md mut2">
        What is applied now, as a file with variables in the place of secrets. <code>cresset workspace export</code>{' '}
        prints the same.
      </p>
      <div className="row wrap">
        <button type="button" className="btn" disabled={file.isPending} onClick={() => file.mutate()}>
          Show the file
        </button>
        {file.data !== undefined && (
          <>
            <button type="button" className="btn" onClick={() => download(file.data.yaml)}>
              Download workspace.yaml
            </button>
            <span className="md mut2">
              {counted(file.data.variables.length, 'variable')} to set before it is applied
            </span>
          </>
        )}
      </div>
      {file.error !== null && <Failure error={file.error} />}
      {file.data !== undefined && (
        <div className="yaml">
          <Command text={file.data.yaml} what="the file" />
        </div>
      )}
    </section>
  );
}

function download(yaml: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([yaml], { type: 'application/yaml' }));
  link.download = 'workspace.yaml';
  link.click();
  URL.revokeObjectURL(link.href);
}
