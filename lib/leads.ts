/**
 * Leads: the people that slots are offered to. A lead of a workspace is one e-mail address, however it is
 * capitalised; it is stored in lower case.
 */
import { randomUUID } from 'node:crypto';
import type { Connection } from './db';

export interface LeadInput {
  email: string;
  firstName?: string | null;
  lastName?: string | null;
  /** IANA. */
  timezone?: string | null;
  emailBisonLeadId?: string | null;
}

export function normaliseEmail(email: string): string {
  return email.trim().toLowerCase();
}

/**
 * Adds the leads, or completes those that are known: what is given replaces, what is not given stays. One
 * statement for all of them; an address that is given twice counts once, with the last of what was given.
 * @returns ids by normalised address @throws a database error, also when there is no such workspace
 */
export async function upsertLeads(db: Connection, workspaceId: string, leads: readonly LeadInput[]): Promise<Map<string, string>> {
  const byEmail = new Map<string, LeadInput>();
  for (const lead of leads) {
    const email = normaliseEmail(lead.email);
    byEmail.set(email, { ...byEmail.get(email), ...givenOf(lead), email });
  }
  if (byEmail.size === 0) return new Map();
  // In the order of their addresses: two batches with the same people must not wait for each other.
  const rows = [...byEmail].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, lead]) => lead);
  const column = (name: 'firstName' | 'lastName' | 'timezone' | 'emailBisonLeadId'): (string | null)[] => rows.map((row) => row[name] ?? null);
  const stored = await db.$queryRaw<{ id: string; email: string }[]>`
    INSERT INTO "Lead" AS l (id, "clientId", email, "firstName", "lastName", timezone, "emailBisonLeadId")
    SELECT t.id, ${workspaceId}, t.email, t.first, t.last, t.zone, t.bison
    FROM unnest(${rows.map(() => randomUUID())}::text[], ${rows.map((row) => row.email)}::text[], ${column('firstName')}::text[],
      ${column('lastName')}::text[], ${column('timezone')}::text[], ${column('emailBisonLeadId')}::text[])
      AS t(id, email, first, last, zone, bison)
    ON CONFLICT ("clientId", lower(email)) DO UPDATE SET
      "firstName" = COALESCE(excluded."firstName", l."firstName"), "lastName" = COALESCE(excluded."lastName", l."lastName"),
      timezone = COALESCE(excluded.timezone, l.timezone), "emailBisonLeadId" = COALESCE(excluded."emailBisonLeadId", l."emailBisonLeadId")
    RETURNING l.id, lower(l.email) AS email`;
  return new Map(stored.map(({ id, email }) => [email, id]));
}

/** @returns the lead's id */
export async function upsertLead(db: Connection, workspaceId: string, lead: LeadInput): Promise<string> {
  const [id] = (await upsertLeads(db, workspaceId, [lead])).values();
  if (id === undefined) throw new Error('the lead was not stored');
  return id;
}

export interface ErasedLead {
  offers: number;
  followUps: number;
  /** They keep their time, without the person. */
  bookings: number;
}

/**
 * Removes a person's data: the lead with its offers, follow-ups and first touches. Whatever a job holds of it
 * at this moment has no row to be written to any more.
 * @returns null when the workspace has no such lead
 */
export async function eraseLead(db: Connection, workspaceId: string, email: string): Promise<ErasedLead | null> {
  const rows = await db.$queryRaw<ErasedLead[]>`
    WITH erased AS (DELETE FROM "Lead" WHERE "clientId" = ${workspaceId} AND lower(email) = ${normaliseEmail(email)} RETURNING id)
    SELECT (SELECT count(*)::int FROM "SlotOffer" o WHERE o."leadId" = e.id) AS offers,
      (SELECT count(*)::int FROM "FollowUp" f WHERE f."leadId" = e.id) AS "followUps",
      (SELECT count(*)::int FROM "Booking" b WHERE b."leadId" = e.id) AS bookings
    FROM erased e`;
  return rows[0] ?? null;
}

function givenOf(lead: LeadInput): Partial<LeadInput> {
  return Object.fromEntries(Object.entries(lead).filter(([, value]) => value !== null && value !== undefined));
}
