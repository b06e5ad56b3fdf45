import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { change, read } from '../../lib/api.ts';
import { counted } from '../../lib/say.ts';
import { queryOf } from '../../lib/search.ts';
import { useMay } from '../../lib/session.ts';
import { Confirm, useTouching } from '../../parts/confirm.tsx';
import { Failure, Loaded } from '../../parts/loaded.tsx';
import { Time } from '../../parts/time.tsx';

const PAGE = 100;
const DAY_MS = 86_400_000;
/** The public lists want a period. */
const DAYS = 365;

interface Kind {
  id: string;
  title: string;
  path: string;
  /** What names an entry, and its time. */
  member: 'email' | 'phone';
  time: string;
  list: 'emails' | 'sms';
  remove: string | null;
}

const kinds: readonly Kind[] = [
  {
    ...{ id: 'bounced', title: 'Addresses that bounced or are blocked', path: 'email/hard_bounces' },
    ...{ member: 'email', time: 'hard_bounced_at', list: 'emails', remove: 'email/bounce/remove' },
  },
  {
    ...{ id: 'unsubscribed', title: 'Addresses that unsubscribed', path: 'email/unsubscribes' },
    ...{ member: 'email', time: 'unsubscribed_at', list: 'emails', remove: null },
  },
  {
    ...{ id: 'phones', title: 'Phone numbers that do not exist', path: 'sms/invalid_phone_numbers' },
    ...{ member: 'phone', time: 'invalid_detected_at', list: 'sms', remove: 'sms/invalid_phone_numbers/remove' },
  },
];

/** Addresses that nothing is sent to, whatever a request says. */
export function Suppressions() {
  const isAdmin = useMay('admin');
  return (
    <>
      <p className="md mut2">
        Nothing is sent to addresses that bounced or are blocked, nor to numbers that do not exist, whatever a request
        says. Who unsubscribed gets only what a request sends to all.
      </p>
      {isAdmin && <Block />}
      {kinds.map((kind) => (
        <List key={kind.id} kind={kind} isAdmin={isAdmin} />
      ))}
    </>
  );
}

function Block() {
  const block = useTouching<unknown, string>(
    (email) => change('POST', 'email/blocklist', { email: [email] }),
    ['bounced'],
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    block.mutate(String(new FormData(form).get('email')), { onSuccess: () => form.reset() });
  };
  return (
    <form className="row wrap" onSubmit={submit}>
      <input
        className="in"
        name="email"
        type="email"
        required
        aria-label="Address to block"
        placeholder="address to block …"
        autoComplete="off"
      />
      <button type="submit" className="btn" disabled={block.isPending}>
        Block the address
      </button>
      <span className="md" role="status">
        {block.isSuccess && 'It is blocked.'}
      </span>
      {block.error !== null && <Failure error={block.error} />}
    </form>
  );
}

type Entry = Readonly<Record<string, string>>;

function List({ kind, isAdmin }: { kind: Kind; isAdmin: boolean }) {
  const [offset, setOffset] = useState(0);
  const list = useQuery({
    queryKey: [kind.id, offset],
    queryFn: async ({ signal }) => {
      // The period ends before this day.
      const end_date = new Date(Date.now() + DAY_MS).toISOString().slice(0, 10);
      const start_date = new Date(Date.now() - DAYS * DAY_MS).toISOString().slice(0, 10);
      const query = queryOf({ start_date, end_date, limit: PAGE, offset });
      const answer = await read<Readonly<Record<string, readonly Entry[]>>>(`${kind.path}${query}`, signal);
      return answer[kind.list] ?? [];
    },
  });
  return (
    <section className="sec">
      <div className="sh">
        <h2>{kind.title}</h2>
        <span className="end">in {DAYS} days</span>
      </div>
      <Loaded query={list}>
        {(entries) =>
          entries.length === 0 ? (
            <p className="md mut2">There is none.</p>
          ) : (
            <>
              <table className="stk set">
                <thead>
                  <tr>
                    <th scope="col">{kind.member === 'email' ? 'Address' : 'Number'}</th>
                    <th scope="col">Since</th>
                    {kind.remove !== null && isAdmin && <th scope="col">Act</th>}
                  </tr>
                </thead>
                <tbody>
                  {entries.map((entry) => (
                    <Row
                      key={`${entry[kind.member]} ${entry[kind.time]}`}
                      kind={kind}
                      entry={entry}
                      isAdmin={isAdmin}
                    />
                  ))}
                </tbody>
              </table>
              {(entries.length === PAGE || offset > 0) && (
                <div className="row">
                  <button
                    type="button"
                    className="btn"
                    disabled={offset === 0}
                    onClick={() => setOffset(offset - PAGE)}
                  >
                    Before
                  </button>
                  <span className="sm mut">
                    {counted(entries.length, 'entry', 'entries')} from {offset + 1}
                  </span>
                  <button
                    type="button"
                    className="btn"
                    disabled={entries.length < PAGE}
                    onClick={() => setOffset(offset + PAGE)}
                  >
                    Next
                  </button>
                </div>
              )}
            </>
          )
        }
      </Loaded>
    </section>
  );
}

function Row({ kind, entry, isAdmin }: { kind: Kind; entry: Entry; isAdmin: boolean }) {
  const { remove, member } = kind;
  const address = entry[member] ?? '';
  const body = member === 'email' ? { email: [address] } : { phone_numbers: [address] };
  return (
    <tr>
      <td className="m brk">{address}</td>
      <td>
        <Time at={entry[kind.time] ?? null} />
      </td>
      {remove !== null && isAdmin && (
        <td className="n acts l2">
          <Confirm
            label="Take off …"
            about={address}
            title={`Take ${address} off the list`}
            verb="Take it off"
            act={() => change('POST', remove, body)}
            touches={[kind.id]}
          >
            <p className="md">Messages go to it again. If it does not exist, it comes back here with the next one.</p>
          </Confirm>
        </td>
      )}
    </tr>
  );
}
