-- What the Prisma schema cannot express. The migrations are schema.prisma plus this file; a test
-- compares both ways. A change here needs a migration that makes the same change.

-- At most one default link a workspace.
CREATE UNIQUE INDEX "CalendarLink_clientId_default_key" ON "CalendarLink"("clientId") WHERE "isDefault";

-- A person is one lead of a workspace, however the address is capitalised.
CREATE UNIQUE INDEX "Lead_clientId_email_key" ON "Lead"("clientId", lower("email"));

-- Every refresh updates each row here. Room for the new version on the same page keeps the update heap-only (no index
-- touched). A row is inserted narrow, before anything is known, and must fit twice when it is full: with a fillfactor of
-- 50 the first sweeps moved rows to other pages, and table and key grew to 1.9 and 1.7 times their size. The order of the
-- columns, what changes in front, is in the migration. Vacuum comes early, because what it has to do is small then.
ALTER TABLE "WorkspaceAvailabilityStatus" SET (
  fillfactor = 30,
  autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_vacuum_threshold = 500,
  autovacuum_analyze_scale_factor = 0.2
);

-- Every request of the reader API updates its key's row: room on its page keeps that heap-only.
ALTER TABLE "ApiKey" SET (fillfactor = 50);

-- Lists live out of line, so these rows are short, and a changed one stays on its page too.
ALTER TABLE "WorkspaceAvailabilityCache" SET (fillfactor = 50);

-- From about 200 slots on a list lives out of line, uncompressed: a change of another column does not copy it, and a
-- read does not inflate it. (toast_tuple_target = 128 was tried: shorter lists stay inline all the same, and longer ones
-- take every other text of the row out of line with them, five reads instead of one.)
ALTER TABLE "WorkspaceAvailabilityCache" ALTER COLUMN "slotsUtc" SET STORAGE EXTERNAL;

-- A list of slots is known or absent with its row, never null.
ALTER TABLE "WorkspaceAvailabilityCache" ADD CONSTRAINT "WorkspaceAvailabilityCache_slots_check"
  CHECK ("slotsUtc" IS NOT NULL AND "slotCount" = cardinality("slotsUtc"));

ALTER TABLE "WorkspaceSettings" ADD CONSTRAINT "WorkspaceSettings_timezone_check" CHECK ("timezone" <> '');
ALTER TABLE "WorkspaceSettings" ADD CONSTRAINT "WorkspaceSettings_meetingDurationMinutes_check"
  CHECK ("meetingDurationMinutes" BETWEEN 1 AND 1440);
ALTER TABLE "Booking" ADD CONSTRAINT "Booking_interval_check" CHECK ("endsAt" > "startsAt");

-- One open alarm a cause.
CREATE UNIQUE INDEX "Alarm_open_key" ON "Alarm"("kind", "subject") WHERE "closedAt" IS NULL;
