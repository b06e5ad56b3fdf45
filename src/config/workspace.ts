import { matching, path, type Variable } from './variable.ts';

/** What a server starts with: definitions, keys and its secret. null: not set. */
export interface WorkspaceConfig {
  /** Absolute path of a workspace file to apply at start. */
  workspaceFile: string | null;
  /** Name of the workspace that commands and the start of a server mean. null: the only one. */
  workspaceName: string | null;
  apiKey: string | null;
  adminPassword: string | null;
  secret: string | null;
}

export const workspaceVariables: { [K in keyof WorkspaceConfig]: Variable<WorkspaceConfig[K]> } = {
  workspaceFile: {
    name: 'CRESSET_WORKSPACE',
    fallback: null,
    shownFallback: 'unset',
    expected: 'the path of a workspace file',
    meaning: 'A workspace file that is applied at every start, as `cresset apply` does.',
    read: path,
  },
  workspaceName: {
    name: 'CRESSET_IN',
    fallback: null,
    shownFallback: 'unset: the only one',
    expected: 'the name of a workspace',
    meaning:
      'The workspace that a command means, as `--in` does, and the one that `CRESSET_WORKSPACE` and `CRESSET_API_KEY` are for. Needed only where there are several: [workspaces.md](workspaces.md).',
    read: (text) => text,
  },
  apiKey: {
    name: 'CRESSET_API_KEY',
    fallback: null,
    shownFallback: 'unset: a key is made at the first start and printed once',
    expected: '16 to 256 visible ASCII characters without quotes',
    meaning: 'A first API key with every permission, for containers. Another value replaces the earlier one.',
    read: matching(/^[!#-&(-~]{16,256}$/),
  },
  adminPassword: {
    name: 'CRESSET_ADMIN_PASSWORD',
    fallback: null,
    shownFallback: 'unset: a password is made at the first start and printed once',
    expected: '12 to 256 characters',
    meaning:
      'The password of the operator `admin` of the console. Another value replaces the earlier one and ends the sessions of `admin`. See [console.md](console.md).',
    read: matching(/^[^\0]{12,256}$/su),
  },
  secret: {
    name: 'CRESSET_SECRET',
    fallback: null,
    shownFallback: 'unset: made in the data folder, readable by its owner alone',
    expected: 'at least 32 characters, for example from: openssl rand -hex 32',
    meaning:
      'Encrypts the credentials of providers in the database. Servers that share a database need the same one. Keep a copy: without it the credentials must be applied again.',
    read: matching(/^.{32,1024}$/s),
  },
};
