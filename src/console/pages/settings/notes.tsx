import { Link } from '@tanstack/react-router';
import { Command } from '../../parts/copy.tsx';

/** Where what is shown comes from, and who changes it where. */
export function FromFile() {
  return (
    <p className="md mut2">
      Admins edit it here, unless the{' '}
      <Link to="/settings/$section" params={{ section: 'file' }}>
        workspace file
      </Link>{' '}
      that this server applies at its start defines it. Of a secret only a digest is shown.
    </p>
  );
}

/** An empty section, with the lines that fill it. */
export function Nothing({ what, section, example }: { what: string; section: string; example: string }) {
  return (
    <div className="sec">
      <p className="md mut2">{what} would stand here. In a workspace file:</p>
      <Command text={`${section}:\n  - ${example}`} what="the lines" />
    </div>
  );
}
