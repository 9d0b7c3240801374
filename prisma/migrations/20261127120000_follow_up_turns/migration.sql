-- Follow-ups: an agency's last turn, so that a backlog of one holds up no other; and an index to find those that ended
-- lately. "webhookToken" holds a token's SHA-256 from now on; none was given out before.
-- Does the previous version of the app work beside it? Yes: it does not know the table, and reads no token.

-- CreateTable
CREATE TABLE "FollowUpTurn" (
    "agency" TEXT NOT NULL,
    "claimedAt" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "FollowUpTurn_pkey" PRIMARY KEY ("agency")
);

-- CreateIndex
CREATE INDEX "FollowUp_finishedAt_idx" ON "FollowUp"("finishedAt");
