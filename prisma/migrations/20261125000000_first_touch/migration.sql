-- Where first touch keeps what it wrote for a lead, when it last came to a workspace, and what it has seen of an
-- EmailBison instance. The previous version works beside it: the tables are new, and nothing else changes.

-- CreateEnum
CREATE TYPE "FirstTouchState" AS ENUM ('writing', 'written', 'rendered', 'sent', 'failed', 'ended');

-- CreateEnum
CREATE TYPE "FirstTouchContent" AS ENUM ('times', 'fallback');

-- CreateEnum
CREATE TYPE "FirstTouchFinder" AS ENUM ('unscheduled', 'scheduled');

-- CreateTable
CREATE TABLE "FirstTouch" (
    "id" TEXT NOT NULL,
    "clientId" TEXT NOT NULL,
    "leadId" TEXT NOT NULL,
    "campaignId" TEXT NOT NULL,
    "emailBisonLeadId" TEXT NOT NULL,
    "state" "FirstTouchState" NOT NULL DEFAULT 'writing',
    "content" "FirstTouchContent" NOT NULL,
    "sentence" TEXT NOT NULL,
    "slotsUtc" TIMESTAMPTZ[],
    "earlier" JSONB NOT NULL DEFAULT '[]',
    "reason" TEXT,
    "finder" "FirstTouchFinder" NOT NULL,
    "scheduledEmailId" TEXT,
    "scheduledAt" TIMESTAMPTZ,
    "preparedAt" TIMESTAMPTZ NOT NULL,
    "writtenAt" TIMESTAMPTZ,
    "checkedAt" TIMESTAMPTZ,
    "settledAt" TIMESTAMPTZ,

    CONSTRAINT "FirstTouch_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "FirstTouchVisit" (
    "clientId" TEXT NOT NULL,
    "visitedAt" TIMESTAMPTZ NOT NULL,
    "lastError" TEXT,

    CONSTRAINT "FirstTouchVisit_pkey" PRIMARY KEY ("clientId")
);

-- CreateTable
CREATE TABLE "EmailBisonInstance" (
    "origin" TEXT NOT NULL,
    "earlyCarriedAt" TIMESTAMPTZ,
    "earlyMissedAt" TIMESTAMPTZ,
    "lateShownAt" TIMESTAMPTZ,
    "lateNotShownAt" TIMESTAMPTZ,
    "lateCarriedAt" TIMESTAMPTZ,
    "lateMissedAt" TIMESTAMPTZ,

    CONSTRAINT "EmailBisonInstance_pkey" PRIMARY KEY ("origin")
);

-- CreateIndex
CREATE INDEX "FirstTouch_clientId_campaignId_idx" ON "FirstTouch"("clientId", "campaignId");

-- CreateIndex
CREATE UNIQUE INDEX "FirstTouch_leadId_campaignId_key" ON "FirstTouch"("leadId", "campaignId");

-- AddForeignKey
ALTER TABLE "FirstTouch" ADD CONSTRAINT "FirstTouch_clientId_fkey" FOREIGN KEY ("clientId") REFERENCES "Client"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "FirstTouch" ADD CONSTRAINT "FirstTouch_leadId_fkey" FOREIGN KEY ("leadId") REFERENCES "Lead"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "FirstTouchVisit" ADD CONSTRAINT "FirstTouchVisit_clientId_fkey" FOREIGN KEY ("clientId") REFERENCES "Client"("id") ON DELETE CASCADE ON UPDATE CASCADE;
