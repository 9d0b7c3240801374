/** Every route and page of the app, found in its files: one that is added without a rule of who may read it fails. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../../scripts/local/migration-files';

const APP = join(PROJECT_ROOT, 'app');

/** Addresses as the framework makes them, `[name]` left as it is, groups in brackets kept: they say who guards a page. */
export function addressesOfApp(): string[] {
  return readdirSync(APP, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /^(?:route|page)\.tsx?$/.test(entry.name))
    .map((entry) => `${entry.parentPath.slice(APP.length).split('\\').join('/') || '/'}${entry.name.startsWith('page') ? ' (page)' : ''}`)
    .sort();
}

/** Pages, routes and server actions of the console, by their text: each asks itself who is there. */
export function consoleEntrances(): { file: string; text: string }[] {
  const folder = join(APP, '(console)');
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ file: path.slice(APP.length), text: readFileSync(path, 'utf8') }))
    .filter(({ file, text }) => /\/(?:page|route|layout)\.tsx?$/.test(file) || /^['"]use server['"]/m.test(text));
}
