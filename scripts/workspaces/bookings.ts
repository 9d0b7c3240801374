import type { Command } from 'commander';
import { cancelBooking, putBooking } from '../../lib/bookings';
import { recordedImport } from '../../lib/operator/audit';
import { UserError } from '../local/fail';
import type { ScriptContext } from '../local/script-database';
import { parseBookingCsv, type ImportedBooking } from './bookings-csv';
import { addCommand, BY_CLI, resolveWorkspace, type Cli } from './cli';

type Outcome = 'added' | 'changed' | 'unchanged' | 'cancelled';

/** bookings import */
export function addBookingCommands(program: Command, cli: Cli): void {
  const bookings = program.command('bookings').description('Bookings that were made elsewhere: import.');
  addCommand(
    bookings, 'import <file>',
    'Store bookings from a CSV file (- for standard input) with a header: workspace (id or name), id, starts, ends, and if wanted email, source, cancelled. Times are instants with a zone, such as 2027-03-01T10:00:00+01:00. Good lines are kept, bad ones reported; can be repeated.',
    'bookings import bookings.csv', 'bookings import - < bookings.csv',
  ).action(async (file: string) => {
    const rows = parseBookingCsv(await cli.readFile(file));
    const counts = await cli.withDatabase((script) => recordedImport(script.db, BY_CLI, 'bookings.import', async () => {
      const counted = { added: 0, changed: 0, unchanged: 0, cancelled: 0, refused: 0 };
      const store = storeInto(script);
      for (const { line, booking, problem } of rows) {
        const result = booking ? await store(booking) : { problem: problem ?? 'refused' };
        if (typeof result === 'string') counted[result]++;
        else {
          counted.refused++;
          cli.warn(`line ${line}: ${result.problem}`);
        }
      }
      return counted;
    }));
    cli.say(`${counts.added} added, ${counts.changed} changed, ${counts.unchanged} unchanged, ${counts.cancelled} cancelled, ${counts.refused} refused`);
    if (counts.refused > 0) cli.endWith(1);
  });
}

/** Names are looked up once each: a file has few workspaces and many lines. */
function storeInto(script: ScriptContext): (booking: ImportedBooking) => Promise<Outcome | { problem: string }> {
  const known = new Map<string, string | { problem: string }>();
  return async ({ workspace, isCancelled, ...booking }) => {
    let workspaceId = known.get(workspace);
    if (workspaceId === undefined) {
      workspaceId = await resolveWorkspace(script, workspace).catch((error: unknown) => {
        if (error instanceof UserError) return { problem: error.message };
        throw error;
      });
      known.set(workspace, workspaceId);
    }
    if (typeof workspaceId !== 'string') return workspaceId;
    const key = { workspaceId, source: booking.source, externalId: booking.externalId };
    if (isCancelled) {
      const { kind } = await cancelBooking(script.db, key, 'operator');
      // A booking that never was here takes no time either.
      return kind === 'cancelled' ? 'cancelled' : 'unchanged';
    }
    const { kind } = await putBooking(script.db, { ...booking, ...key }, 'operator');
    if (kind === 'no_workspace') return { problem: 'the workspace was just removed' };
    return kind === 'created' ? 'added' : kind;
  };
}
