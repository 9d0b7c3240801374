/** Every route and page of the app, found in its files: one that is added without a rule of who may read it fails. */
import { readdirSync } from 'node:fs';
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
