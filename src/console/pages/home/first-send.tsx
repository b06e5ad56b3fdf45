import { Command } from '../../parts/copy.tsx';

/** What to do on a server that has sent nothing yet. The command works without any setting. */
export function FirstSend() {
  const command = [
    `curl ${new URL('messages/send', document.baseURI).href} \\`,
    "  -H 'Authorization: Bearer YOUR_API_KEY' -H 'Content-Type: application/json' \\",
    `  -d '{"external_user_ids": ["ada"], "messages": {"webhook": {`,
    `        "url": "https://example.com/hook", "request_method": "POST", "body": "Hello {{\${first_name} | default: 'you'}}"}}}'`,
  ].join('\n');
  const person = [
    `curl ${new URL('users/track', document.baseURI).href} \\`,
    "  -H 'Authorization: Bearer YOUR_API_KEY' -H 'Content-Type: application/json' \\",
    `  -d '{"attributes": [{"external_id": "ada", "first_name": "Ada"}]}'`,
  ].join('\n');
  return (
    <section className="empty" aria-labelledby="first">
      <div>
        <h2 id="first" className="h16">
          Nothing was sent yet
        </h2>
        <p className="mut2">
          This page fills by itself once a message is accepted. The API key was printed at the first start.
        </p>
      </div>
      <ol className="steps">
        <li>
          <b>1</b>
          <div>
            <p>Write a person.</p>
            <Command text={person} />
          </div>
        </li>
        <li>
          <b>2</b>
          <div>
            <p>Send a message.</p>
            <Command text={command} />
          </div>
        </li>
      </ol>
    </section>
  );
}
