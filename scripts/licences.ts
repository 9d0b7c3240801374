// `npm run licences`: the licence of everything that production installs, against what may be used; writes docs/licences.md.
// `--check` writes nothing and fails when the page is not what the lock file says.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { UserError, runMain } from './local/fail';
import { PROJECT_ROOT } from './local/migration-files';
import { say } from './local/output';

interface LockEntry {
  version?: string;
  license?: string;
  dev?: true;
  optional?: true;
  devOptional?: true;
}

/** Ask nothing of a service that uses them beyond keeping their notice. */
const ALLOWED = new Set(['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'Unlicense', 'BlueOak-1.0.0']);

/** Several at once are kept all. */
const isAllowed = ({ licence }: Used): boolean => licence.split(/ and /i).every((one) => ALLOWED.has(one));

/** Others, each looked at. A package of this list under another licence than here is refused. */
const EXPLAINED: { name: RegExp; licence: string; why: string }[] = [
  { name: /^caniuse-lite$/, licence: 'CC-BY-4.0', why: 'data about browsers, read while building; the attribution is this line' },
  { name: /^@img\/sharp-(?:libvips-)?[a-z0-9-]+$/, licence: 'LGPL-3.0-or-later', why: "optional, for the framework's image optimiser, which no page uses; a shared library of its own, loaded and not linked in" },
  { name: /^@img\/sharp-(?:wasm32|win32-(?:arm64|ia32|x64))$/, licence: 'Apache-2.0 AND LGPL-3.0-or-later', why: 'the same, with the library beside it' },
  { name: /^@img\/sharp-wasm32$/, licence: 'Apache-2.0 AND LGPL-3.0-or-later AND MIT', why: 'the same, as WebAssembly' },
  { name: /^elkjs$/, licence: 'EPL-2.0', why: "of Prisma's command line, an optional peer; not in the build, and not changed" },
  { name: /^seq-queue$/, licence: 'unknown', why: "of Prisma's command line, an optional peer; not in the build. Its package.json names none, its LICENSE file is the MIT licence" },
];

const lockPath = join(PROJECT_ROOT, 'package-lock.json');
const pagePath = join(PROJECT_ROOT, 'docs', 'licences.md');

interface Used {
  name: string;
  version: string;
  licence: string;
  /** What an installation may leave out. */
  isOptional: boolean;
}

function productionPackages(): Used[] {
  const { packages } = JSON.parse(readFileSync(lockPath, 'utf8')) as { packages: Record<string, LockEntry> };
  return Object.entries(packages)
    .filter(([path, entry]) => path !== '' && entry.dev !== true)
    .map(([path, { version = '', license = 'unknown', optional, devOptional }]) => ({ name: path.replace(/^.*node_modules\//, ''), version, licence: license, isOptional: optional === true || devOptional === true }))
    .sort((a, b) => (a.name === b.name ? a.version.localeCompare(b.version) : a.name < b.name ? -1 : 1));
}

const explanationOf = ({ name, licence }: Used): string | undefined => EXPLAINED.find((one) => one.name.test(name) && one.licence === licence)?.why;

function pageOf(used: readonly Used[]): string {
  const counts = new Map<string, number>();
  for (const { licence } of used) counts.set(licence, (counts.get(licence) ?? 0) + 1);
  const explained = used.filter((one) => !isAllowed(one));
  return [
    '# Licences', '',
    'Everything that a production installation may hold, from the lock file; `npm run licences` writes this page and fails on a licence that is not listed in `scripts/licences.ts`.', '',
    '| licence | packages |', '|---|---|', ...[...counts].sort(([a], [b]) => a.localeCompare(b)).map(([licence, count]) => `| ${licence} | ${String(count)} |`), '',
    'Looked at one by one:', '',
    '| package | licence | why it may be used |', '|---|---|---|', ...explained.map((one) => `| ${one.name} | ${one.licence} | ${explanationOf(one) ?? ''} |`), '',
    'All of them (optional: left out where the platform does not need it):', '',
    '| package | version | licence |', '|---|---|---|', ...used.map(({ name, version, licence, isOptional }) => `| ${name} | ${version} | ${licence}${isOptional ? ', optional' : ''} |`), '',
  ].join('\n');
}

await runMain(() => {
  const { check } = new Command('npm run licences --').option('--check', 'write nothing; fail when docs/licences.md is out of date').parse().opts<{ check?: true }>();
  const used = productionPackages();
  const refused = used.filter((one) => !isAllowed(one) && explanationOf(one) === undefined);
  if (refused.length > 0) throw new UserError(`Licences that nobody has looked at:\n${refused.map(({ name, version, licence }) => `  ${name} ${version}: ${licence}`).join('\n')}\nRead them, then add them to scripts/licences.ts with the reason, or remove the package.`);
  const page = pageOf(used);
  if (check !== true) writeFileSync(pagePath, page);
  else if (readFileSync(pagePath, 'utf8') !== page) throw new UserError('docs/licences.md is not what package-lock.json says. Run: npm run licences');
  say(`${String(used.length)} packages, every licence is allowed or explained.`);
  return Promise.resolve();
});
