import { useTitle } from '../../lib/title.ts';
import { Command } from '../../parts/copy.tsx';

/** People are found by any of their names in the field above. */
export function People() {
  useTitle('People');
  const command = [
    `curl ${new URL('users/track', document.baseURI).href} \\`,
    "  -H 'Authorization: Bearer YOUR_API_KEY' -H 'Content-Type: application/json' \\",
    `  -d '{"attributes": [{"external_id": "ada", "first_name": "Ada"}]}'`,
  ].join('\n');
  return (
    <div className="page">
      <h1>People</h1>
      <p className="mut2">
        Paste an external id, an alias, a braze id, an email address, a phone number or a push token into the field
        above.
      </p>
      <section className="empty" aria-labelledby="write">
        <h2 id="write">Write a person</h2>
        <Command text={command} />
        <p className="md mut2">
          Many people at once: <code>cresset users import people.ndjson</code>
        </p>
      </section>
    </div>
  );
}
