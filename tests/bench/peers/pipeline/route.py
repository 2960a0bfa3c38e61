"""Stage 2: `mention.classified` to tickets in PostgreSQL, and `ticket.events` from there.

Usage: python route.py BOOTSTRAP PREFIX DATABASE

A batch is one transaction: tickets, identities, clocks, events, audit, outbox and offsets. The
outbox is published after it and emptied once the broker has it, so an event may be told twice
after a crash, and never not at all.
"""

import sys
from datetime import datetime, timedelta
from pathlib import Path

import orjson
import psycopg

from stage import producer, publish, run

# Label to department, and how long until somebody has to answer.
ROUTES = {
    "pr_risk": ("pr", timedelta(minutes=30)),
    "complaint": ("support", timedelta(hours=1)),
    "lead": ("sales", timedelta(hours=2)),
    "general": ("community", None),
}

INCOMING = """
    CREATE TEMPORARY TABLE incoming (
        platform TEXT, id_scope TEXT, native_id TEXT, version BIGINT,
        department TEXT, label TEXT, received_at TIMESTAMPTZ, due_at TIMESTAMPTZ,
        mention JSONB, verdict JSONB
    ) ON COMMIT DELETE ROWS
"""
COPY = "COPY incoming FROM STDIN"
APPLY = Path(__file__).with_name("apply.sql").read_text()
MOVE = """
    INSERT INTO consumer_offset (consumer, topic, partition, next) VALUES ('route', %s, %s, %s)
    ON CONFLICT (consumer, topic, partition) DO UPDATE SET next = excluded.next
"""


class Router:
    """One connection, and where the consumer stands in each partition."""

    def __init__(self, bootstrap, prefix, database):
        self.events = f"{prefix}ticket.events"
        self.source = f"{prefix}mention.classified"
        self.producer = producer(bootstrap)
        self.connection = psycopg.connect(database, autocommit=True)
        self.connection.execute(INCOMING)
        found = self.connection.execute(
            "SELECT partition, next FROM consumer_offset WHERE consumer = 'route' AND topic = %s",
            (self.source,),
        )
        self.next = dict(found.fetchall())
        waiting = self.connection.execute("SELECT seq, key, payload::text FROM outbox ORDER BY seq")
        self.tell(waiting.fetchall())

    def route(self, records):
        """Does what the store does not know yet."""
        new = [record for record in records if record[3] >= self.next.get(record[2], 0)]
        if not new:
            return
        ends = {partition: offset + 1 for _, _, partition, offset in new}
        with self.connection.transaction(), self.connection.cursor() as cursor:
            with cursor.copy(COPY) as copy:
                for row in newest(rows(new)):
                    copy.write_row(row)
            told = cursor.execute(APPLY).fetchall()
            moves = [(self.source, partition, end) for partition, end in ends.items()]
            cursor.executemany(MOVE, moves)
        self.next.update(ends)
        self.tell(told)

    def tell(self, outbox):
        """Publishes rows of the outbox and takes them off it."""
        if not outbox:
            return
        publish(self.producer, self.events, ((key, payload) for _, key, payload in outbox))
        seqs = [seq for seq, _, _ in outbox]
        self.connection.execute("DELETE FROM outbox WHERE seq = ANY(%s)", (seqs,))


def rows(records):
    for value, _, _, _ in records:
        mention, verdict = value["mention"], value["classification"]
        department, promise = ROUTES[verdict["label"]]
        received_at = datetime.fromisoformat(value["received_at"])
        yield (
            mention["platform"],
            mention.get("id_scope", ""),
            mention["id"],
            mention.get("version", 0),
            department,
            verdict["label"],
            received_at,
            received_at + promise if promise else None,
            # A NUL may stand in a post, and PostgreSQL takes none.
            orjson.dumps({**mention, "text": mention["text"].replace("\0", "")}).decode(),
            orjson.dumps(verdict).decode(),
        )


def newest(rows_of_batch):
    """One statement may touch a row once: of a post's versions in a batch the newest goes in."""
    kept = {}
    for row in rows_of_batch:
        earlier = kept.get(row[:3])
        if earlier is None or earlier[3] < row[3]:
            kept[row[:3]] = row
    return kept.values()


def main():
    bootstrap, prefix, database = sys.argv[1:]
    router = Router(bootstrap, prefix, database)
    run(bootstrap, f"{prefix}route", router.source, router.route)


main()
