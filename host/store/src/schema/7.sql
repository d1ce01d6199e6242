-- The CRC-32 of each event, which every reader compares; absent where an older program recorded it.
ALTER TABLE events ADD COLUMN crc INTEGER;

-- By which a user's own stores are told from those that came with a clone.
INSERT OR REPLACE INTO meta VALUES ('store', random());
