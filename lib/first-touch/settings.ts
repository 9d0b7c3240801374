/** Turning first touch on and off. Input is checked here, whoever calls. */
import { z } from 'zod';
import { inTransaction, type Connection } from '../db';
import { MAX_OFFERED } from '../slots/select';
import { checkTemplate, type TemplateKind } from '../slots/template';
import { WorkspaceInputError } from '../workspaces';

const DAY_MINUTES = 24 * 60;

const minutes = (what: string, max: number) => {
  const expected = `${what} must be whole minutes from 0 to ${String(max)}`;
  return z.coerce.number(expected).int(expected).min(0, expected).max(max, expected).optional();
};
const count = `the number of times must be from 1 to ${String(MAX_OFFERED)}`;

const schema = z.object({
  /** With times; null: the default. */
  template: z.string().nullish(),
  /** Without; null: the default, the booking link. */
  fallback: z.string().nullish(),
  offerCount: z.coerce.number(count).int(count).min(1, count).max(MAX_OFFERED, count).optional(),
  minNoticeMinutes: minutes('the notice', 30 * DAY_MINUTES),
  leadTimeMinutes: minutes('the lead time', 7 * DAY_MINUTES),
  /** Of the EmailBison instance; the token is stored apart, sealed. */
  baseUrl: z.url({ protocol: /^https?$/, error: 'the base URL must look like https://your-instance.example.com' }).transform((url) => url.replace(/\/+$/, '')).optional(),
});

export type FirstTouchSettings = z.input<typeof schema>;

/**
 * All of it or nothing. On needs an EmailBison credential with its instance's base URL, and templates that pass.
 * @throws WorkspaceInputError with every problem
 */
export async function setFirstTouch(db: Connection, workspaceId: string, isOn: boolean, given: FirstTouchSettings = {}): Promise<void> {
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw new WorkspaceInputError(parsed.error.issues.map(({ message }) => message).join('; '));
  const { baseUrl, template, fallback, ...numbers } = parsed.data;
  await inTransaction(db, async (tx) => {
    const workspace = await tx.client.findUnique({
      where: { id: workspaceId },
      select: { settings: true, links: { where: { isDefault: true } }, credentials: { where: { provider: 'emailbison' } } },
    });
    if (!workspace) throw new WorkspaceInputError(`There is no workspace ${JSON.stringify(workspaceId)}. List them with: npm run workspaces -- list`);
    const [credential] = workspace.credentials;
    const { settings } = workspace;
    const problems = isOn ? [
      ...(credential ? [] : ['Store the EmailBison token first: npm run workspaces -- credential <workspace> --provider emailbison']),
      ...(credential && !(baseUrl ?? credential.baseUrl) ? ["Give the instance's address: --base-url https://your-instance.example.com"] : []),
      ...(workspace.links.length > 0 ? [] : ['The workspace has no calendar link.']),
    ] : [];
    const offerCount = numbers.offerCount ?? settings?.firstTouchOfferCount ?? 2;
    problems.push(
      ...problemsOf(template === undefined ? settings?.firstTouchTemplate : template, 'firstTouch', offerCount),
      ...problemsOf(fallback === undefined ? settings?.firstTouchFallback : fallback, 'fallback', offerCount),
    );
    if (problems.length > 0) throw new WorkspaceInputError(problems.join('\n'));

    const data = {
      firstTouchEnabled: isOn,
      ...(template === undefined ? {} : { firstTouchTemplate: template }),
      ...(fallback === undefined ? {} : { firstTouchFallback: fallback }),
      ...(numbers.offerCount === undefined ? {} : { firstTouchOfferCount: numbers.offerCount }),
      ...(numbers.minNoticeMinutes === undefined ? {} : { firstTouchMinNoticeMinutes: numbers.minNoticeMinutes }),
      ...(numbers.leadTimeMinutes === undefined ? {} : { firstTouchLeadTimeMinutes: numbers.leadTimeMinutes }),
    };
    await tx.workspaceSettings.upsert({ where: { clientId: workspaceId }, create: { clientId: workspaceId, ...data }, update: data });
    if (baseUrl !== undefined && credential) await tx.providerCredential.update({ where: { id: credential.id }, data: { baseUrl } });
  });
}

function problemsOf(template: string | null | undefined, kind: TemplateKind, offerCount: number): string[] {
  if (template == null) return [];
  const checked = checkTemplate(template, kind, offerCount);
  return checked.kind === 'valid' ? [] : checked.problems;
}
