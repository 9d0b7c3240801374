import { randomUUID } from 'node:crypto';
import { parseCredentialKeys, quotaKeyOf, sealCredential } from '../../lib/credentials';
import type { Db } from '../../lib/db';
import { detectCalendarType } from '../../lib/providers/detect';
import type { Population } from '../simulator/population';

/** Writes a population into an empty database, a table a statement. */
export async function seedDatabase(db: Db, population: Pick<Population, 'agencies'>, credentialsKey: string): Promise<number> {
  const keys = parseCredentialKeys(credentialsKey);
  const workspaces = population.agencies.flatMap((agency) =>
    agency.workspaces.map((workspace) => ({ ...workspace, agencyId: agency.id, id: randomUUID() })),
  );
  await db.agency.createMany({ data: population.agencies.map(({ id, name }) => ({ id, name })) });
  await db.client.createMany({ data: workspaces.map(({ id, name, agencyId }) => ({ id, name, userId: agencyId })) });
  await db.calendarLink.createMany({
    data: workspaces.map(({ id, url }) => ({ clientId: id, name: 'Booking link', url, type: detectCalendarType(url), isDefault: true })),
  });
  await db.workspaceSettings.createMany({
    data: workspaces.map(({ id, zone, durationMinutes }) => ({ clientId: id, timezone: zone, meetingDurationMinutes: durationMinutes })),
  });
  await db.providerCredential.createMany({
    data: workspaces.flatMap(({ id, credential }) =>
      credential
        ? [{ clientId: id, provider: credential.provider, quotaKey: quotaKeyOf(credential.provider, credential.token), ...sealCredential(keys, { clientId: id, provider: credential.provider }, credential.token) }]
        : [],
    ),
  });
  return workspaces.length;
}
