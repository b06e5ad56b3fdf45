/** Where the file of the server defines a thing, which is changed there and nowhere else. */
export interface Lock {
  file: string;
  /** null: the file cannot be read. */
  path: string | null;
  line: number | null;
  problem: string | null;
}

/** Says why a thing cannot be changed here, and where it can. `what`: such as `this segment`. */
export function Locked({ by: { file, path, line, problem }, what }: { by: Lock; what: string }) {
  if (path === null)
    return (
      <p className="md v-warn brk">
        Nothing can be changed here: <code>{file}</code>, which this server applies at its start, is not read, so nobody
        can tell what it defines: {problem}
      </p>
    );
  return (
    <p className="md mut2 brk">
      <b>Locked.</b> <code>{file}</code> defines {what} (<code>{path}</code>
      {line !== null && `, line ${line}`}), and this server applies that file at its start. Change it there.
    </p>
  );
}
