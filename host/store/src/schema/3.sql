-- What is set aside for a run in flight, and what attempts without an answer cost or may have cost.
ALTER TABLE prompt_runs ADD COLUMN reserved_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE prompt_runs ADD COLUMN reserved_usd_micros INTEGER NOT NULL DEFAULT 0;
ALTER TABLE prompt_runs ADD COLUMN lost_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE prompt_runs ADD COLUMN lost_usd_micros INTEGER NOT NULL DEFAULT 0;
