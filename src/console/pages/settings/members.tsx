import { Fragment, type ReactNode } from 'react';
import { isSecret, type Json } from './definitions.ts';

/** Members of a definition as a list, in its own words. Those in `except` are shown elsewhere. */
export function MemberList({ of, except = [] }: { of: Readonly<Record<string, unknown>>; except?: readonly string[] }) {
  const shown = Object.entries(of).filter(([name, value]) => !except.includes(name) && value !== '');
  if (shown.length === 0) return null;
  return (
    <dl className="kv">
      {shown.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name.replaceAll('_', ' ')}</dt>
          <dd>
            <Value of={value as Json} />
          </dd>
        </Fragment>
      ))}
    </dl>
  );
}

/** A value of a definition. Of a secret only that it is set, and its digest. */
export function Value({ of }: { of: Json }): ReactNode {
  if (isSecret(of)) return <SecretValue digest={of.digest} shown={of.shown} />;
  if (of === null) return <span className="mut">none</span>;
  if (typeof of === 'boolean') return of ? 'yes' : 'no';
  if (typeof of !== 'object') return String(of);
  if (Array.isArray(of)) {
    if (of.length === 0) return <span className="mut">none</span>;
    if (of.every((one) => typeof one !== 'object')) return of.join(', ');
    // biome-ignore lint/suspicious/noArrayIndexKey: a definition has its entries in order, and they do not move
    return of.map((one, at) => <MemberList key={at} of={one as Record<string, unknown>} />);
  }
  return <MemberList of={of as Record<string, unknown>} />;
}

function SecretValue({ digest, shown }: { digest: string | null; shown: string | undefined }) {
  return (
    <>
      {shown !== undefined && <code>{shown} </code>}
      <span className="mut2">set</span>
      {digest !== null && (
        <>
          {', '}
          <code title="Digest that only this server can compute. Equal digests are equal secrets.">{digest}</code>
        </>
      )}
    </>
  );
}
