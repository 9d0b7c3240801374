/**
 * A tablespace on a disk of a few megabytes, for the table of slots. As root it is a real one, in memory, and what PostgreSQL
 * says when it is full is its own. Elsewhere nobody may mount, and a trigger says the same (SQLSTATE 53100).
 */
import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { progress } from './sizes';

export interface FullDisk {
  fill: (client: pg.Client) => Promise<unknown>;
  free: (client: pg.Client) => Promise<unknown>;
  remove: (client: pg.Client) => Promise<unknown>;
}

const SIZE = '12m';
const TABLE = '"WorkspaceAvailabilityCache"';

export async function smallDisk(client: pg.Client): Promise<FullDisk> {
  const folder = mount();
  if (folder === undefined) return await pretendFull(client);
  const { rows } = await client.query<{ dir: string }>(`SELECT current_setting('data_directory') AS dir`);
  const { uid, gid } = statSync(rows[0]?.dir ?? '/');
  const space = join(folder, 'space');
  mkdirSync(space);
  chownSync(space, uid, gid);
  await client.query(`CREATE TABLESPACE small LOCATION '${space}'`);
  await client.query(`ALTER TABLE ${TABLE} SET TABLESPACE small`);
  const filler = join(folder, 'filler');
  return {
    fill: () => {
      const { bavail, bsize } = statfsSync(folder);
      writeFileSync(filler, Buffer.alloc(Number(bavail) * Number(bsize)));
      return Promise.resolve();
    },
    free: () => {
      rmSync(filler, { force: true });
      return Promise.resolve();
    },
    remove: async (admin) => {
      await admin.query(`ALTER TABLE ${TABLE} SET TABLESPACE pg_default`);
      await admin.query('DROP TABLESPACE small');
      execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function mount(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'test-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE},mode=0755`, 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    progress('no right to mount a small disk here: a trigger refuses the writes instead, with the same code');
    return undefined;
  }
}

async function pretendFull(client: pg.Client): Promise<FullDisk> {
  await client.query(`CREATE TABLE full_disk (is_full boolean NOT NULL); INSERT INTO full_disk VALUES (false);
    CREATE FUNCTION refuse_when_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF (SELECT is_full FROM full_disk) THEN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END IF;
      RETURN NEW; END $$;
    CREATE TRIGGER refuse_when_full BEFORE INSERT OR UPDATE ON ${TABLE} FOR EACH ROW EXECUTE FUNCTION refuse_when_full()`);
  return {
    fill: (admin) => admin.query('UPDATE full_disk SET is_full = true'),
    free: (admin) => admin.query('UPDATE full_disk SET is_full = false'),
    remove: (admin) => admin.query(`DROP TRIGGER refuse_when_full ON ${TABLE}; DROP FUNCTION refuse_when_full; DROP TABLE full_disk`),
  };
}
