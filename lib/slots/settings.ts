/** Saving how a workspace's times are chosen and written. Input is checked here, whoever calls. */
import { z } from 'zod';
import { Prisma, type Connection, type Db } from '../db';
import { WorkspaceInputError } from '../workspaces';
import { checkOfferRules, localeSchema, NO_OFFER_RULES, preferredDaysSchema, withinDaysSchema, type OfferRules, type StoredOfferRules } from './offer-rules';
import { workingHoursSchema } from './working-hours';

const schema = z.object({
  workingHours: workingHoursSchema.nullish(),
  offerWeekends: z.boolean().optional(),
  preferredDays: preferredDaysSchema.nullish(),
  offerWithinDays: withinDaysSchema.nullish(),
  locale: localeSchema.nullish(),
});

/** Null takes a rule back, undefined leaves it. */
export interface OfferRulesInput {
  workingHours?: unknown;
  offerWeekends?: boolean;
  preferredDays?: readonly string[] | null;
  offerWithinDays?: number | string | null;
  locale?: string | null;
}

const SELECT = { workingHours: true, offerWeekends: true, preferredDays: true, offerWithinDays: true, locale: true } as const;

/** @throws WorkspaceInputError what is stored cannot be read */
export async function readOfferRules(db: Db, workspaceId: string): Promise<OfferRules> {
  const stored: StoredOfferRules | null = await db.workspaceSettings.findUnique({ where: { clientId: workspaceId }, select: SELECT });
  const checked = checkOfferRules(stored ?? NO_OFFER_RULES);
  if (checked.kind === 'invalid') throw new WorkspaceInputError(checked.problem);
  return checked.rules;
}

/** What is given replaces, what is not given stays. All of it or nothing. @throws WorkspaceInputError with every problem */
export async function setOfferRules(db: Connection, workspaceId: string, given: OfferRulesInput): Promise<void> {
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw new WorkspaceInputError(parsed.error.issues.map(({ message }) => message).join('; '));
  const { workingHours, preferredDays, ...plain } = parsed.data;
  const json = (value: Prisma.InputJsonValue | null): Prisma.InputJsonValue | typeof Prisma.DbNull => value ?? Prisma.DbNull;
  const data = {
    ...plain,
    ...(workingHours === undefined ? {} : { workingHours: json(workingHours) }),
    ...(preferredDays === undefined ? {} : { preferredDays: json(preferredDays) }),
  };
  await db.workspaceSettings.upsert({ where: { clientId: workspaceId }, create: { clientId: workspaceId, ...data }, update: data });
}
