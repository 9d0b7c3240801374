/**
 * EmailBison tells of a reply: POST /api/webhooks/emailbison/{unguessable}. The lead's follow-ups are cancelled.
 *
 * When two deliveries of one reply come at once: one acts, the other is answered as a duplicate.
 */
import { emailBisonWebhook } from '@/lib/webhooks/route';

export const dynamic = 'force-dynamic';
export const maxDuration = 30;

export async function POST(request: Request, { params }: { params: Promise<{ token: string }> }): Promise<Response> {
  return await emailBisonWebhook(request, (await params).token);
}
