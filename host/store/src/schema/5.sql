-- Of the tokens of a run, lost ones and those set aside included, those whose price nobody knows: the dollars leave them out.
ALTER TABLE prompt_runs ADD COLUMN unpriced_tokens INTEGER NOT NULL DEFAULT 0;
