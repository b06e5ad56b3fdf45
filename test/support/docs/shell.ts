import { spawn } from 'node:child_process';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export interface Printed {
  /** Exit code. */
  code: number;
  output: string;
  /** What went to standard error, without the statuses. */
  errors: string;
  /** The HTTP status of each request that `curl` made. */
  statuses: number[];
}

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** `cresset` and `curl` as a reader has them. `npm run cresset` and `npx` need no npm here, which would be slow. */
const functions = `
cresset() {
  local answer
  answer=$({ printf '%s\\0' "$@"; printf '\\0'; env -0; } | command curl -sS --data-binary @- "$BRIDGE" | tr -d '\\0')
  [ "$answer" = "\${answer#*$'\\n'}" ] || printf '%s\\n' "\${answer#*$'\\n'}"
  return "\${answer%%$'\\n'*}"
}
npm() { [ "\${*:1:3}" = 'run cresset --' ] || { echo "npm $* is not run here" >&2; return 1; }; cresset "\${@:4}"; }
npx() { "${root}node_modules/.bin/$1" "\${@:2}"; }
curl() { command curl -sS -w '%{stderr}status %{http_code}\\n' "$@"; local code=$?; echo; return $code; }
`;

/** A shell session: each call of `run` continues with the variables and the folder of the one before. */
export class Shell {
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string>>;

  constructor(folder: string, env: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.#env = env;
  }

  async run(commands: string): Promise<Printed> {
    const script = `set -uo pipefail -o allexport
[ ! -f .session ] || . ./.session
${functions}
set -e
${commands}
export -p > .session`;
    const child = spawn('bash', ['--norc', '--noprofile', '-c', script], {
      cwd: this.#folder,
      env: { PATH: `${process.execPath.replace(/\/node$/, '')}:${process.env.PATH}`, HOME: this.#folder, ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? 1));
    });
    const [out, errors, code] = await Promise.all([buffer(child.stdout), buffer(child.stderr), ended]);
    const lines = errors.toString().split('\n');
    return {
      code,
      output: out.toString(),
      errors: lines.filter((line) => !/^status \d{3}$/.test(line)).join('\n'),
      statuses: lines.flatMap((line) => /^status (\d{3})$/.exec(line)?.[1] ?? []).map(Number),
    };
  }
}
