-- One row a resource. document and internal are JSON objects.
CREATE TABLE IF NOT EXISTS resources (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- Names are unique and found whatever their case: the ARN has them in lower case.
    name TEXT NOT NULL COLLATE NOCASE,
    status TEXT NOT NULL,
    created_at REAL NOT NULL,
    modified_at REAL NOT NULL,
    document TEXT NOT NULL,
    internal TEXT NOT NULL,
    -- What a list may be narrowed by beyond the columns above: a group's name, an approval.
    parent TEXT NOT NULL DEFAULT '',
    label TEXT NOT NULL DEFAULT '',
    UNIQUE (account_id, region, kind, name)
);
CREATE INDEX IF NOT EXISTS by_creation ON resources (account_id, region, kind, created_at, sequence);
CREATE INDEX IF NOT EXISTS by_modification ON resources (account_id, region, kind, modified_at, sequence);
CREATE INDEX IF NOT EXISTS by_status ON resources (account_id, region, kind, status, created_at, sequence);
CREATE INDEX IF NOT EXISTS by_parent ON resources (account_id, region, kind, parent, created_at, sequence);
CREATE INDEX IF NOT EXISTS by_label ON resources (account_id, region, kind, label, created_at, sequence);
CREATE INDEX IF NOT EXISTS by_scheduled_time ON resources (account_id, region, kind, label, sequence);
CREATE INDEX IF NOT EXISTS unfinished ON resources (kind, status);

CREATE TABLE IF NOT EXISTS tags (
    arn TEXT NOT NULL,
    position INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (arn, key)
);

-- What EventBridge has not been told yet, in the order in which it happened.
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    detail_type TEXT NOT NULL,
    resource_arn TEXT NOT NULL,
    time REAL NOT NULL,
    detail TEXT NOT NULL,
    source TEXT NOT NULL DEFAULT 'aws.sagemaker'
);

-- The last number given: versions of a model package group never come back.
CREATE TABLE IF NOT EXISTS counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
);

-- Client request tokens: the same one gives the same answer, once.
CREATE TABLE IF NOT EXISTS tokens (
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    operation TEXT NOT NULL,
    token TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (account_id, region, operation, token)
);

-- When each schedule fires next, and when it did last; nothing in next_at where it never will again.
CREATE TABLE IF NOT EXISTS timetable (
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    next_at REAL,
    last_at REAL,
    PRIMARY KEY (account_id, region, kind, name)
);
CREATE INDEX IF NOT EXISTS by_next ON timetable (next_at);

-- What has fired and has not come to an end: delivered, or given up. A row is written together with
-- the schedule's next time, so that no time fires twice and none is lost.
CREATE TABLE IF NOT EXISTS firings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    scheduled_at REAL NOT NULL,
    due_at REAL NOT NULL,
    -- What it asks for, as the schedule had it when it fired: JSON.
    target TEXT NOT NULL,
    -- How often it was tried, and since when, by the machine's own clock.
    attempts INTEGER NOT NULL DEFAULT 0,
    first_tried_at REAL,
    UNIQUE (account_id, region, kind, name, scheduled_at)
);
CREATE INDEX IF NOT EXISTS by_due ON firings (due_at, id);
