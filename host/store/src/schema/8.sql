-- When something was last set aside for a run, or lost: a run that is taken up again costs on that day, not on the one of its intent.
ALTER TABLE prompt_runs ADD COLUMN dated INTEGER;
