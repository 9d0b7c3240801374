/**
 * Refreshes the workspaces that an operator selected, and tells of each as it ends: a line of JSON each. Two at once
 * are safe: each workspace is claimed. What the caller's leaving cuts off is the sweep's.
 */
import { z } from 'zod';
import { isSameOrigin } from '@/lib/console';
import { db } from '@/lib/db';
import { refreshOutcomeText } from '@/lib/console';
import { MAX_BULK_REFRESH, refreshMany, type BulkProgress } from '@/lib/operator';
import { currentOperator } from '../../_server/operator';
import type { RefreshLine } from '../_components/bulk-refresh';

export const maxDuration = 60;

const bodySchema = z.object({ ids: z.array(z.string().max(200).regex(/^\P{Cc}*$/u)).min(1).max(MAX_BULK_REFRESH, `At most ${String(MAX_BULK_REFRESH)} workspaces at once: the sweep reads the others within a minute.`), requestId: z.uuid() });

export async function POST(request: Request): Promise<Response> {
  if (!isSameOrigin(request.headers)) return new Response('This change was not asked for by a page of the console.', { status: 403 });
  if (!(await currentOperator())) return new Response('Nobody is signed in.', { status: 401 });
  const body = bodySchema.safeParse(await request.json().catch(() => null));
  if (!body.success) return new Response(body.error.issues[0]?.message ?? 'Bad request.', { status: 400 });
  const { ids, requestId } = body.data;
  const names = new Map((await db().client.findMany({ where: { id: { in: ids } }, select: { id: true, name: true } })).map(({ id, name }) => [id, name]));

  const encoder = new TextEncoder();
  const gone = new AbortController();
  const stream = new ReadableStream<Uint8Array>({
    start: async (controller) => {
      const say = (progress: BulkProgress): void => {
        const line = { done: progress.done, total: progress.total, name: names.get(progress.workspaceId) ?? progress.workspaceId, problem: problemOf(progress.outcome) } satisfies RefreshLine;
        if (!gone.signal.aborted) controller.enqueue(encoder.encode(`${JSON.stringify(line)}\n`));
      };
      try {
        await refreshMany({ actor: 'console', requestId }, ids, { onProgress: say, signal: gone.signal });
        if (!gone.signal.aborted) controller.close();
      } catch (error) {
        controller.error(error);
      }
    },
    cancel: () => { gone.abort(); },
  });
  return new Response(stream, { headers: { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store', 'x-accel-buffering': 'no' } });
}

function problemOf(outcome: BulkProgress['outcome']): string | null {
  return outcome.kind === 'refreshed' ? null : refreshOutcomeText(outcome);
}
