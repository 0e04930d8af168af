"""The tables of one operator."""

TABLES = """
create table if not exists document (
    seq integer primary key autoincrement,
    kind text not null,
    id text not null,
    body blob not null,
    unique (kind, id)
);
create table if not exists lookup (
    kind text not null,
    name text not null,
    value text not null,
    seq integer not null references document (seq) on delete cascade
);
create index if not exists lookup_value on lookup (kind, name, value);
create index if not exists lookup_document on lookup (seq);
create table if not exists idempotency (
    key text primary key,
    fingerprint text not null,
    kind text not null,
    id text not null
);
create table if not exists delivery (
    order_id text primary key,
    no_return real not null,
    outcome text not null,
    reason text not null
);
create table if not exists timer (
    id integer primary key autoincrement,
    due real not null,
    action text not null,
    subject text not null
);
create index if not exists timer_due on timer (due);
create index if not exists timer_subject on timer (subject);
create table if not exists running (
    product_id text primary key
);
create table if not exists subscription (
    id text primary key,
    api text not null,
    callback text not null,
    query text,
    given_up integer not null default 0
);
create table if not exists outbox (
    id integer primary key autoincrement,
    subscription_id text not null references subscription (id) on delete cascade,
    body blob not null,
    due real not null,
    attempts integer not null default 0,
    tampered integer not null default 0
);
create index if not exists outbox_due on outbox (due);
"""
