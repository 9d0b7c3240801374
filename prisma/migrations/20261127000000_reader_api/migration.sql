-- The reader API: agencies' keys with their rate limit, the order of the change feed, and an index so that removing a
-- lead does not read every booking.
-- The previous version of the app works beside it: it does not know the new table, and rows that it inserts get the
-- new column's default. A change that it makes to an existing row is not listed by the feed until that workspace
-- changes again, so let a deployment finish before the feed is read for the first time.

-- The default is the same for every existing row, so the table is not rewritten.
ALTER TABLE "WorkspaceAvailabilityCache" ADD COLUMN "changedXid" xid8 NOT NULL DEFAULT pg_current_xact_id();

-- CreateTable
CREATE TABLE "ApiKey" (
    "id" TEXT NOT NULL,
    "agencyId" TEXT NOT NULL,
    "name" TEXT,
    "prefix" TEXT NOT NULL,
    "keyHash" BYTEA NOT NULL,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revokedAt" TIMESTAMPTZ,
    "lastUsedAt" TIMESTAMPTZ,
    "nextFreeAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ApiKey_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "ApiKey_keyHash_key" ON "ApiKey"("keyHash");

-- CreateIndex
CREATE INDEX "ApiKey_agencyId_idx" ON "ApiKey"("agencyId");

-- CreateIndex
CREATE INDEX "Booking_leadId_idx" ON "Booking"("leadId");

-- Every request of the reader API updates its key's row: room on its page keeps that heap-only.
ALTER TABLE "ApiKey" SET (fillfactor = 50);
