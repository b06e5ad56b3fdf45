import { Link, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { counted } from '../../lib/say.ts';
import type { Search } from '../../lib/search.ts';
import { useTitle } from '../../lib/title.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { type Reference as Document, useReference } from './document.ts';
import { OperationPage } from './operation.tsx';
import { Prose } from './prose.tsx';
import './reference.css';

/** The API of this server, from its own document. The operation that is open stands in the URL. */
export function Reference() {
  const { op = '' }: Search = useSearch({ strict: false });
  const document = useReference();
  const operation = document.data?.operations.get(op);
  useTitle(operation?.summary ?? 'API reference');
  if (document.data === undefined)
    return (
      <div className="page">
        <h1>API reference</h1>
        <Loaded query={document}>{() => null}</Loaded>
      </div>
    );
  return (
    <div className="reference">
      <nav className={operation === undefined ? 'oplist' : 'oplist not-phone'} aria-label="Endpoints">
        {operation === undefined && <h1 className="only-phone">API reference</h1>}
        <Groups document={document.data} open={op} />
      </nav>
      <div className={operation === undefined ? 'page not-phone' : 'page'}>
        {operation === undefined ? (
          <Introduction document={document.data} isUnknown={op !== ''} />
        ) : (
          <OperationPage key={operation.name} operation={operation} document={document.data} />
        )}
      </div>
    </div>
  );
}

function Introduction({ document: { raw, operations }, isUnknown }: { document: Document; isUnknown: boolean }) {
  return (
    <>
      <h1>API reference</h1>
      {isUnknown && <p className="md refusal">There is no such endpoint.</p>}
      <p className="mut2">
        {counted(operations.size, 'endpoint')} of Cresset {raw.info.version}.{' '}
        <a href="openapi.json" download>
          openapi.json
        </a>{' '}
        has them all.
      </p>
      <Prose text={raw.info.description} />
    </>
  );
}

function Groups({ document: { groups }, open }: { document: Document; open: string }) {
  const [filter, setFilter] = useState('');
  const words = filter.toLowerCase().split(/\s+/);
  const found = groups
    .map((group) => ({
      ...group,
      operations: group.operations.filter(({ name, summary }) =>
        words.every((word) => `${name} ${summary}`.toLowerCase().includes(word)),
      ),
    }))
    .filter(({ operations }) => operations.length > 0);
  return (
    <>
      <input
        className="in"
        type="search"
        aria-label="Filter the endpoints"
        placeholder="Filter, such as send or /users"
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
      />
      {found.map(({ name, operations }) => (
        <details
          key={name}
          open={
            filter !== '' || operations.some((one) => one.name === open) || (open === '' && name === groups[0]?.name)
          }
        >
          <summary>
            {name} <span className="mut">{operations.length}</span>
          </summary>
          <ul>
            {operations.map((one) => (
              <li key={one.name}>
                <Link to="/reference" search={{ op: one.name }} aria-current={one.name === open ? 'page' : undefined}>
                  <code className={`verb ${one.method}`}>{one.method}</code>
                  <span>{one.summary}</span>
                </Link>
              </li>
            ))}
          </ul>
        </details>
      ))}
      {found.length === 0 && <p className="md mut2">No endpoint fits.</p>}
    </>
  );
}
