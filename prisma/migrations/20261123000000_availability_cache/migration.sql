-- The first version: every table of the availability cache.
-- The previous version of the app works beside it: there is none, and nothing that exists is touched.

-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "CalendarType" AS ENUM ('calendly', 'hubspot', 'ghl', 'unknown');

-- CreateEnum
CREATE TYPE "CredentialProvider" AS ENUM ('calendly', 'hubspot', 'ghl', 'emailbison');

-- CreateEnum
CREATE TYPE "OfferState" AS ENUM ('prepared', 'sent', 'failed', 'expired');

-- CreateEnum
CREATE TYPE "FollowUpState" AS ENUM ('pending', 'sending', 'sent', 'unknown', 'failed', 'expired', 'cancelled');

-- CreateTable
CREATE TABLE "Agency" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Agency_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Client" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "userId" TEXT,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Client_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "CalendarLink" (
    "id" TEXT NOT NULL,
    "clientId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "type" "CalendarType" NOT NULL,
    "externalId" TEXT,
    "isDefault" BOOLEAN NOT NULL DEFAULT false,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "CalendarLink_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "WorkspaceSettings" (
    "clientId" TEXT NOT NULL,
    "timezone" TEXT NOT NULL DEFAULT 'UTC',
    "meetingDurationMinutes" INTEGER NOT NULL DEFAULT 30,
    "pausedAt" TIMESTAMPTZ,
    "firstTouchEnabled" BOOLEAN NOT NULL DEFAULT false,
    "firstTouchOfferCount" INTEGER NOT NULL DEFAULT 2,
    "firstTouchMinNoticeMinutes" INTEGER NOT NULL DEFAULT 120,
    "firstTouchLeadTimeMinutes" INTEGER NOT NULL DEFAULT 1440,
    "firstTouchTemplate" TEXT,
    "firstTouchFallback" TEXT,
    "followUpsEnabled" BOOLEAN NOT NULL DEFAULT false,
    "followUpTemplate" TEXT,
    "workingHours" JSONB,
    "offerWeekends" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "WorkspaceSettings_pkey" PRIMARY KEY ("clientId")
);

-- CreateTable
CREATE TABLE "ProviderCredential" (
    "id" TEXT NOT NULL,
    "clientId" TEXT NOT NULL,
    "provider" "CredentialProvider" NOT NULL,
    "ciphertext" BYTEA NOT NULL,
    "keyId" TEXT NOT NULL,
    "quotaKey" TEXT NOT NULL,
    "baseUrl" TEXT,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ProviderCredential_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "WorkspaceAvailabilityCache" (
    "clientId" TEXT NOT NULL,
    "calendarLinkId" TEXT NOT NULL,
    "calendarType" "CalendarType" NOT NULL,
    "calendarUrl" TEXT NOT NULL,
    "slotDurationMinutes" INTEGER NOT NULL,
    "slotsUtc" TIMESTAMPTZ[],
    "slotCount" INTEGER NOT NULL,
    "slotsHash" BIGINT NOT NULL,
    "slotsFingerprint" TEXT NOT NULL,
    "generation" BIGINT NOT NULL DEFAULT 1,
    "changedAt" TIMESTAMPTZ NOT NULL,
    "providerMeta" JSONB,

    CONSTRAINT "WorkspaceAvailabilityCache_pkey" PRIMARY KEY ("clientId")
);

-- CreateTable
CREATE TABLE "WorkspaceAvailabilityStatus" (
    "clientId" TEXT NOT NULL,
    "fetchedAt" TIMESTAMPTZ,
    "succeededAt" TIMESTAMPTZ,
    "staleAt" TIMESTAMPTZ,
    "retryAt" TIMESTAMPTZ,
    "refreshingUntil" TIMESTAMPTZ,
    "contentHash" BIGINT,
    "consecutiveFailures" INTEGER NOT NULL DEFAULT 0,
    "abandonedRuns" INTEGER NOT NULL DEFAULT 0,
    "actionRequired" BOOLEAN NOT NULL DEFAULT false,
    "attemptFingerprint" TEXT,
    "errorKind" TEXT,
    "lastError" TEXT,

    CONSTRAINT "WorkspaceAvailabilityStatus_pkey" PRIMARY KEY ("clientId")
);

-- CreateTable
CREATE TABLE "ProviderHost" (
    "host" TEXT NOT NULL,
    "openedAt" TIMESTAMPTZ,
    "openUntil" TIMESTAMPTZ,
    "opens" INTEGER NOT NULL DEFAULT 0,
    "errorKind" TEXT,
    "concurrency" INTEGER,
    "updatedAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ProviderHost_pkey" PRIMARY KEY ("host")
);

-- CreateTable
CREATE TABLE "QuotaBucket" (
    "quotaKey" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "nextFreeAt" TIMESTAMPTZ NOT NULL,
    "learnedLimit" INTEGER,
    "dayStartedAt" TIMESTAMPTZ NOT NULL,
    "dayUsed" INTEGER NOT NULL DEFAULT 0,
    "blockedUntil" TIMESTAMPTZ,

    CONSTRAINT "QuotaBucket_pkey" PRIMARY KEY ("quotaKey")
);

-- CreateTable
CREATE TABLE "Lead" (
    "id" TEXT NOT NULL,
    "clientId" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "firstName" TEXT,
    "lastName" TEXT,
    "timezone" TEXT,
    "emailBisonLeadId" TEXT,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Lead_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Booking" (
    "id" TEXT NOT NULL,
    "clientId" TEXT NOT NULL,
    "leadId" TEXT,
    "startsAt" TIMESTAMPTZ NOT NULL,
    "endsAt" TIMESTAMPTZ NOT NULL,
    "source" TEXT NOT NULL,
    "externalId" TEXT NOT NULL,
    "cancelledAt" TIMESTAMPTZ,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Booking_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SlotOffer" (
    "id" TEXT NOT NULL,
    "clientId" TEXT NOT NULL,
    "leadId" TEXT NOT NULL,
    "channel" TEXT NOT NULL,
    "sendKey" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "slotUtc" TIMESTAMPTZ NOT NULL,
    "state" "OfferState" NOT NULL DEFAULT 'prepared',
    "reason" TEXT,
    "offeredAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "SlotOffer_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "FollowUp" (
    "id" TEXT NOT NULL,
    "clientId" TEXT NOT NULL,
    "leadId" TEXT NOT NULL,
    "dueAt" TIMESTAMPTZ NOT NULL,
    "template" TEXT NOT NULL,
    "channel" TEXT NOT NULL,
    "thread" JSONB,
    "state" "FollowUpState" NOT NULL DEFAULT 'pending',
    "claimToken" TEXT,
    "claimedUntil" TIMESTAMPTZ,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "lastError" TEXT,
    "intendedAt" TIMESTAMPTZ,
    "idempotencyKey" TEXT,
    "finishedAt" TIMESTAMPTZ,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "FollowUp_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "CronRun" (
    "id" TEXT NOT NULL,
    "job" TEXT NOT NULL,
    "startedAt" TIMESTAMPTZ NOT NULL,
    "finishedAt" TIMESTAMPTZ,
    "outcome" TEXT NOT NULL,
    "counts" JSONB,
    "error" TEXT,

    CONSTRAINT "CronRun_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "Client_userId_idx" ON "Client"("userId");

-- CreateIndex
CREATE INDEX "CalendarLink_clientId_idx" ON "CalendarLink"("clientId");

-- CreateIndex
CREATE UNIQUE INDEX "ProviderCredential_clientId_provider_key" ON "ProviderCredential"("clientId", "provider");

-- CreateIndex
CREATE INDEX "Booking_clientId_endsAt_idx" ON "Booking"("clientId", "endsAt");

-- CreateIndex
CREATE UNIQUE INDEX "Booking_clientId_source_externalId_key" ON "Booking"("clientId", "source", "externalId");

-- CreateIndex
CREATE INDEX "SlotOffer_clientId_slotUtc_idx" ON "SlotOffer"("clientId", "slotUtc");

-- CreateIndex
CREATE UNIQUE INDEX "SlotOffer_leadId_channel_sendKey_slotUtc_key" ON "SlotOffer"("leadId", "channel", "sendKey", "slotUtc");

-- CreateIndex
CREATE INDEX "FollowUp_state_dueAt_idx" ON "FollowUp"("state", "dueAt");

-- CreateIndex
CREATE INDEX "FollowUp_leadId_idx" ON "FollowUp"("leadId");

-- CreateIndex
CREATE INDEX "CronRun_job_startedAt_idx" ON "CronRun"("job", "startedAt" DESC);

-- AddForeignKey
ALTER TABLE "CalendarLink" ADD CONSTRAINT "CalendarLink_clientId_fkey" FOREIGN KEY ("clientId") REFERENCES "Client"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "WorkspaceSettings" ADD CONSTRAINT "WorkspaceSettings_clientId_fkey" FOREIGN KEY ("clientId") REFERENCES "Client"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ProviderCredential" ADD CONSTRAINT "ProviderCredential_clientId_fkey" FOREIGN KEY ("clientId") REFERENCES "Client"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "WorkspaceAvailabilityCache" ADD CONSTRAINT "WorkspaceAvailabilityCache_clientId_fkey" FOREIGN KEY ("clientId") REFERENCES "Client"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "WorkspaceAvailabilityStatus" ADD CONSTRAINT "WorkspaceAvailabilityStatus_clientId_fkey" FOREIGN KEY ("clientId") REFERENCES "Client"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Lead" ADD CONSTRAINT "Lead_clientId_fkey" FOREIGN KEY ("clientId") REFERENCES "Client"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Booking" ADD CONSTRAINT "Booking_clientId_fkey" FOREIGN KEY ("clientId") REFERENCES "Client"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Booking" ADD CONSTRAINT "Booking_leadId_fkey" FOREIGN KEY ("leadId") REFERENCES "Lead"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SlotOffer" ADD CONSTRAINT "SlotOffer_clientId_fkey" FOREIGN KEY ("clientId") REFERENCES "Client"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SlotOffer" ADD CONSTRAINT "SlotOffer_leadId_fkey" FOREIGN KEY ("leadId") REFERENCES "Lead"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "FollowUp" ADD CONSTRAINT "FollowUp_clientId_fkey" FOREIGN KEY ("clientId") REFERENCES "Client"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "FollowUp" ADD CONSTRAINT "FollowUp_leadId_fkey" FOREIGN KEY ("leadId") REFERENCES "Lead"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The objects of prisma/extras.sql, as they were then.

-- At most one default link a workspace.
CREATE UNIQUE INDEX "CalendarLink_clientId_default_key" ON "CalendarLink"("clientId") WHERE "isDefault";

-- A person is one lead of a workspace, however the address is capitalised.
CREATE UNIQUE INDEX "Lead_clientId_email_key" ON "Lead"("clientId", lower("email"));

-- Every refresh updates each row here. Half-empty pages leave room for the new version on the same page,
-- which keeps the update heap-only (no index touched); vacuum comes early, because what it has to do is small then.
ALTER TABLE "WorkspaceAvailabilityStatus" SET (
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_vacuum_threshold = 500,
  autovacuum_analyze_scale_factor = 0.2
);

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
