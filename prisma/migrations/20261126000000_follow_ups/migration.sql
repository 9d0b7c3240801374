-- What it changes: follow-ups get the columns of their job, and webhooks a token and a memory.
-- Does the previous version of the app work beside it? Yes: it has no code for follow-ups.

-- AlterTable
ALTER TABLE "FollowUp" DROP COLUMN "idempotencyKey",
ADD COLUMN     "deferredSince" TIMESTAMPTZ,
ADD COLUMN     "externalId" TEXT,
ADD COLUMN     "nextAttemptAt" TIMESTAMPTZ,
ADD COLUMN     "reason" TEXT,
ADD COLUMN     "renderedMessage" TEXT;
UPDATE "FollowUp" SET "nextAttemptAt" = "dueAt";
ALTER TABLE "FollowUp" ALTER COLUMN "nextAttemptAt" SET NOT NULL;

-- AlterTable
ALTER TABLE "WorkspaceSettings" ADD COLUMN     "webhookToken" TEXT;

-- CreateTable
CREATE TABLE "WebhookEvent" (
    "clientId" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "receivedAt" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "WebhookEvent_pkey" PRIMARY KEY ("clientId","key")
);

-- DropIndex
DROP INDEX "FollowUp_state_dueAt_idx";

-- CreateIndex
CREATE INDEX "FollowUp_state_nextAttemptAt_idx" ON "FollowUp"("state", "nextAttemptAt");

-- CreateIndex
CREATE UNIQUE INDEX "FollowUp_clientId_externalId_key" ON "FollowUp"("clientId", "externalId");

-- CreateIndex
CREATE UNIQUE INDEX "WorkspaceSettings_webhookToken_key" ON "WorkspaceSettings"("webhookToken");

-- AddForeignKey
ALTER TABLE "WebhookEvent" ADD CONSTRAINT "WebhookEvent_clientId_fkey" FOREIGN KEY ("clientId") REFERENCES "Client"("id") ON DELETE CASCADE ON UPDATE CASCADE;
