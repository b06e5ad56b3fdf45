import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useMay } from '../../lib/session.ts';
import { useTitle } from '../../lib/title.ts';
import { Accounts } from './accounts.tsx';
import { Audit } from './audit.tsx';
import { EditPage } from './edit.tsx';
import { FilePage } from './file.tsx';
import { Keys } from './keys.tsx';
import { Operators } from './operators.tsx';
import { Rules } from './rules.tsx';
import './settings.css';
import { Suppressions } from './suppressions.tsx';
import { Webhooks } from './webhooks.tsx';

interface Section {
  id: string;
  name: string;
  /** Whether only admins may read it. */
  isForAdmins?: true;
  /** Whether it has no tab of its own. */
  isHidden?: true;
  page(): ReactNode;
}

/** The parts of settings, each with an address of its own. */
const sections: readonly Section[] = [
  { id: 'providers', name: 'Providers', page: () => <Accounts /> },
  { id: 'rules', name: 'Caps and hours', page: () => <Rules /> },
  { id: 'keys', name: 'API keys', page: () => <Keys /> },
  { id: 'operators', name: 'Operators', page: () => <Operators /> },
  { id: 'webhooks', name: 'Webhooks out', page: () => <Webhooks /> },
  { id: 'suppressions', name: 'Suppressions', page: () => <Suppressions /> },
  { id: 'file', name: 'Workspace file', page: () => <FilePage /> },
  { id: 'edit', name: 'Edit', isHidden: true, page: () => <EditPage /> },
  { id: 'audit', name: 'Audit', isForAdmins: true, page: () => <Audit /> },
];

/** On a phone, the part that is open may be out of sight. */
function intoView(tab: HTMLElement | null): void {
  tab?.scrollIntoView({ block: 'nearest', inline: 'center' });
}

/** What is defined, and who may do what. */
export function Settings() {
  const { section = 'providers' } = useParams({ strict: false }) as { section?: string };
  const isAdmin = useMay('admin');
  const shown = sections.filter(({ isForAdmins }) => isForAdmins === undefined || isAdmin);
  const open = shown.find(({ id }) => id === section);
  useTitle(open?.name ?? 'Settings');
  return (
    <div className="page">
      <h1>Settings</h1>
      <nav className="tabs" aria-label="Settings">
        {shown
          .filter(({ isHidden }) => isHidden === undefined)
          .map(({ id, name }) => (
            <Link
              key={id}
              to="/settings/$section"
              params={{ section: id }}
              aria-current={id === section ? 'page' : undefined}
              ref={id === section ? intoView : undefined}
            >
              {name}
            </Link>
          ))}
      </nav>
      {open === undefined ? <p className="mut2">There is no such part, or it is for admins.</p> : open.page()}
    </div>
  );
}
