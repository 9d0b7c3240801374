-- The operator's side: pauses of agencies and providers, history (transitions, hourly roll-ups), audit, sign-in
-- throttle, alarms; and settings of offers (preferred days, nearness, locale).
-- Does the previous version of the app work beside it? Yes: it knows none of the tables, and every new column has a
-- default. While it runs it does not know the pauses.

-- CreateEnum
CREATE TYPE "TransitionKind" AS ENUM ('changed', 'failed', 'recovered');

-- CreateEnum
CREATE TYPE "NoticeKind" AS ENUM ('opened', 'reminder', 'closed');

-- AlterTable
ALTER TABLE "Agency" ADD COLUMN     "pausedAt" TIMESTAMPTZ;

-- AlterTable
ALTER TABLE "WorkspaceAvailabilityStatus" ADD COLUMN     "hour" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "hourChanges" SMALLINT NOT NULL DEFAULT 0,
ADD COLUMN     "hourFailures" SMALLINT NOT NULL DEFAULT 0,
ADD COLUMN     "hourLatencyMs" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "hourRefreshes" SMALLINT NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "WorkspaceSettings" ADD COLUMN     "locale" TEXT,
ADD COLUMN     "minOpenSlots" INTEGER,
ADD COLUMN     "offerWithinDays" INTEGER,
ADD COLUMN     "preferredDays" JSONB;

-- CreateTable
CREATE TABLE "ProviderPause" (
    "provider" "CalendarType" NOT NULL,
    "pausedAt" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "ProviderPause_pkey" PRIMARY KEY ("provider")
);

-- CreateTable
CREATE TABLE "WorkspaceTransition" (
    "id" BIGSERIAL NOT NULL,
    "clientId" TEXT NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "kind" "TransitionKind" NOT NULL,
    "runId" TEXT,
    "errorKind" TEXT,
    "message" TEXT,
    "failures" INTEGER,
    "slotCount" INTEGER,
    "addedCount" INTEGER,
    "removedCount" INTEGER,
    "slotsAdded" TIMESTAMPTZ[],
    "slotsRemoved" TIMESTAMPTZ[],

    CONSTRAINT "WorkspaceTransition_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "WorkspaceHour" (
    "clientId" TEXT NOT NULL,
    "hour" TIMESTAMPTZ NOT NULL,
    "refreshes" INTEGER NOT NULL,
    "changes" INTEGER NOT NULL,
    "failures" INTEGER NOT NULL,
    "latencyMs" INTEGER NOT NULL,

    CONSTRAINT "WorkspaceHour_pkey" PRIMARY KEY ("clientId","hour")
);

-- CreateTable
CREATE TABLE "AuditEntry" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject" TEXT,
    "agencyId" TEXT,
    "details" JSONB,
    "requestId" TEXT,

    CONSTRAINT "AuditEntry_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SignInThrottle" (
    "source" TEXT NOT NULL,
    "nextFreeAt" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "SignInThrottle_pkey" PRIMARY KEY ("source")
);

-- CreateTable
CREATE TABLE "Alarm" (
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL DEFAULT '',
    "agencyId" TEXT,
    "message" TEXT NOT NULL,
    "details" JSONB,
    "openedAt" TIMESTAMPTZ NOT NULL,
    "lastSeenAt" TIMESTAMPTZ NOT NULL,
    "closedAt" TIMESTAMPTZ,

    CONSTRAINT "Alarm_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "AlarmNotice" (
    "id" TEXT NOT NULL,
    "alarmId" TEXT NOT NULL,
    "kind" "NoticeKind" NOT NULL,
    "target" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "nextAttemptAt" TIMESTAMPTZ NOT NULL,
    "deliveredAt" TIMESTAMPTZ,
    "givenUpAt" TIMESTAMPTZ,
    "lastError" TEXT,

    CONSTRAINT "AlarmNotice_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "AlarmRoute" (
    "id" TEXT NOT NULL,
    "scope" TEXT NOT NULL,
    "scopeId" TEXT NOT NULL,
    "channel" TEXT NOT NULL,
    "ciphertext" BYTEA NOT NULL,
    "keyId" TEXT NOT NULL,
    "recipient" TEXT,
    "createdAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "AlarmRoute_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "WorkspaceTransition_clientId_at_idx" ON "WorkspaceTransition"("clientId", "at" DESC);

-- CreateIndex
CREATE INDEX "WorkspaceTransition_at_idx" ON "WorkspaceTransition"("at");

-- CreateIndex
CREATE INDEX "WorkspaceHour_hour_idx" ON "WorkspaceHour"("hour");

-- CreateIndex
CREATE UNIQUE INDEX "AuditEntry_requestId_key" ON "AuditEntry"("requestId");

-- CreateIndex
CREATE INDEX "AuditEntry_at_idx" ON "AuditEntry"("at");

-- CreateIndex
CREATE INDEX "AuditEntry_subject_idx" ON "AuditEntry"("subject");

-- CreateIndex
CREATE INDEX "Alarm_closedAt_openedAt_idx" ON "Alarm"("closedAt", "openedAt");

-- CreateIndex
CREATE INDEX "Alarm_kind_subject_idx" ON "Alarm"("kind", "subject");

-- CreateIndex
CREATE INDEX "AlarmNotice_alarmId_target_createdAt_idx" ON "AlarmNotice"("alarmId", "target", "createdAt");

-- CreateIndex
CREATE INDEX "AlarmNotice_nextAttemptAt_idx" ON "AlarmNotice"("nextAttemptAt");

-- CreateIndex
CREATE UNIQUE INDEX "AlarmRoute_scope_scopeId_channel_key" ON "AlarmRoute"("scope", "scopeId", "channel");

-- AddForeignKey
ALTER TABLE "AlarmNotice" ADD CONSTRAINT "AlarmNotice_alarmId_fkey" FOREIGN KEY ("alarmId") REFERENCES "Alarm"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- One open alarm a cause.
CREATE UNIQUE INDEX "Alarm_open_key" ON "Alarm"("kind", "subject") WHERE "closedAt" IS NULL;
