-- Costs are summed over all runs of a span of time, which reads most of the table anyway; the index by end cost every step
-- of every chain another page.
DROP INDEX IF EXISTS prompt_runs_ended;
