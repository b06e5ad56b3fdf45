import { Link } from '@tanstack/react-router';
import { useMe } from '../lib/session.ts';
import { useTitle } from '../lib/title.ts';
import { Icon } from '../parts/icon.tsx';
import { entries } from '../shell/entries.ts';
import { WorkspaceSwitch } from '../shell/workspaces.tsx';

/** The entries that have no room in the bar of a phone. */
export function More() {
  useTitle('More');
  const me = useMe();
  return (
    <div className="page">
      <h1>More</h1>
      <WorkspaceSwitch me={me.data} />
      <nav className="nav morelist" aria-label="More">
        {entries
          .filter(({ isOnPhone }) => !isOnPhone)
          .map(({ path, name, icon }) => (
            <Link key={path} to={path}>
              <Icon name={icon} />
              {name}
            </Link>
          ))}
      </nav>
    </div>
  );
}
