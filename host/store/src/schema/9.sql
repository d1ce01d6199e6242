-- Of what attempts without an answer cost or may have cost, what calls that were cut can have cost at most: nobody said what they did.
ALTER TABLE prompt_runs ADD COLUMN possible_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE prompt_runs ADD COLUMN possible_usd_micros INTEGER NOT NULL DEFAULT 0;
