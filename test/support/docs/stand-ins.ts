/** What the pages show → what it is in a test: addresses, the folder, and the values of `NAME=…`. */
export class StandIns {
  readonly #here: Map<string, string>;
  readonly #values = new Map<string, string>();

  constructor({ url, folder, mails, key }: { url: string; folder: string; mails: string; key: string }) {
    this.#here = new Map([
      ['http://127.0.0.1:8080', url],
      ['/srv', folder],
      ['smtp://127.0.0.1:1025', mails],
    ]);
    this.#values.set('KEY', key);
  }

  get dispatchId(): string | undefined {
    return this.#values.get('DISPATCH_ID');
  }

  /** Learns from what was printed: the ids of a dispatch and a schedule, and the addresses of simulators. */
  learn(printed: string): void {
    const dispatchId = /"dispatch_id":"([0-9a-f]{32})"/.exec(printed)?.[1];
    if (dispatchId !== undefined) this.#values.set('DISPATCH_ID', dispatchId);
    const scheduleId = /"schedule_id":"([0-9a-f-]{36})"/.exec(printed)?.[1];
    if (scheduleId !== undefined) this.#values.set('SCHEDULE_ID', scheduleId);
    for (const [name, port] of Object.entries(simulatorPorts)) {
      const [, address, scheme] = new RegExp(`^${name} +((http|smtp)://127.0.0.1:\\d+)`, 'm').exec(printed) ?? [];
      if (address !== undefined) this.#here.set(`${scheme}://127.0.0.1:${port}`, address);
    }
  }

  /** The text of a page as it is here. */
  toHere(text: string): string {
    const named = text.replace(/\b([A-Z_]+)=…/g, (all, name: string) => {
      const value = this.#values.get(name);
      return value === undefined ? all : `${name}=${value}`;
    });
    return [...this.#here].reduce((result, [there, here]) => result.replaceAll(there, here), named);
  }

  /** What was printed here as a page shows it. */
  toPage(text: string): string {
    const named = text.replace(/^Database: \w+ at .*$/gm, 'Database: the embedded one in /srv/data');
    return [...this.#here].reduce((result, [there, here]) => result.replaceAll(here, there), named);
  }
}

const simulatorPorts = {
  control: 8100,
  fcm: 8101,
  apns: 8102,
  adm: 8103,
  'web-push': 8104,
  twilio: 8105,
  whatsapp: 8106,
  smtp: 8107,
};
