/** What the documents name exists: linked files, paths in code spans, npm scripts, error kinds. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ALL_ERROR_KINDS } from '@/lib/providers/errors';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const DOCUMENTS = ['README.md', ...readdirSync(new URL('docs/', ROOT)).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;

describe.each(DOCUMENTS)('%s', (document) => {
  const text = read(document);

  it('links to files that exist', () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link).filter((link) => !/^(https?:|#)/.test(link));
    const folder = new URL(document, ROOT);
    expect(links.filter((link) => !existsSync(new URL(link.replace(/#.*$/, ''), folder)))).toEqual([]);
  });

  it('names paths that exist', () => {
    const paths = [...text.matchAll(/`((?:app|lib|prisma|scripts|tests|docs)\/[\w./()[\]-]+)`/g)].map(([, path = '']) => path);
    expect(paths.filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([]);
  });

  it('names npm scripts that exist', () => {
    const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name).filter((name) => !name.startsWith('-'));
    expect([...new Set(named)].filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe('docs/failure-modes.md', () => {
  it.each(ALL_ERROR_KINDS)('has a row for %s', (kind) => {
    expect(read('docs/failure-modes.md')).toMatch(new RegExp(`^\\| \`${kind}\` \\|`, 'm'));
  });
});
