import { Link } from '@tanstack/react-router';
import { Command } from '../../parts/copy.tsx';

/** Where what is shown comes from. */
export function FromFile() {
  return (
    <p className="md mut2">
      This is read only. It comes from the{' '}
      <Link to="/settings/$section" params={{ section: 'file' }}>
        workspace file
      </Link>
      : change it there and run <code>cresset apply</code>. Of a secret only a digest is shown.
    </p>
  );
}

/** An empty section, with the lines that fill it. */
export function Nothing({ what, section, example }: { what: string; section: string; example: string }) {
  return (
    <div className="sec">
      <p className="md mut2">{what} would stand here. Add it to the workspace file:</p>
      <Command text={`${section}:\n  - ${example}`} what="the lines" />
    </div>
  );
}
