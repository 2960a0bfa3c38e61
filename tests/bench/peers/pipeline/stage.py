"""What both stages have in common: a quixstreams application that hands on whole batches."""

import orjson
from confluent_kafka import Producer
from quixstreams import Application
from quixstreams.models import JSONDeserializer
from quixstreams.sinks import BaseSink

# Records in one batch, which is one commit of the offsets and, in the route stage, one
# transaction. More gains nothing: vectoriser and COPY are at their best from some hundreds on.
BATCH_RECORDS = 1_000

# A batch that does not fill up goes on after this.
BATCH_SECONDS = 0.5

# How long an idle stage waits for a record before it looks whether its batch is due.
IDLE_SECONDS = 0.05

# A broker that acknowledges nothing for so long is gone; the stage ends and is started again.
FLUSH_SECONDS = 30


class Batch(BaseSink):
    """Collects the records of all partitions and gives them to `handle` at each checkpoint.

    quixstreams commits the offsets after `handle` has returned, so what it does has to bear
    being done twice. (The BatchingSink of quixstreams makes one batch of every partition: four
    calls of the vectoriser and four transactions where one does.)
    """

    def __init__(self, handle):
        super().__init__()
        self.handle = handle
        self.records = []

    def add(self, value, key, timestamp, headers, topic, partition, offset):
        self.records.append((value, key, partition, offset))

    def flush(self):
        records, self.records = self.records, []
        if records:
            self.handle(records)

    def on_paused(self):
        self.records.clear()


def producer(bootstrap):
    """Loses nothing that was flushed."""
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "acks": "all",
            "compression.type": "lz4",
            "linger.ms": 5,
            "batch.num.messages": 10_000,
            "queue.buffering.max.messages": 500_000,
        }
    )


def publish(to, topic, records):
    """Sends keys and payloads and waits until the broker has them all."""
    failed = []

    def noted(error, _message):
        if error is not None:
            failed.append(error)

    for key, payload in records:
        to.produce(topic, payload, key, on_delivery=noted)
        to.poll(0)
    if to.flush(FLUSH_SECONDS) or failed:
        raise RuntimeError(f"the broker did not take every record: {failed[:1]}")


def run(bootstrap, group, topic, handle):
    """Reads the topic until SIGTERM."""
    application = Application(
        broker_address=bootstrap,
        consumer_group=group,
        auto_offset_reset="earliest",
        commit_every=BATCH_RECORDS,
        commit_interval=BATCH_SECONDS,
        consumer_poll_timeout=IDLE_SECONDS,
        auto_create_topics=False,
        loglevel="WARNING",
    )
    source = application.topic(topic, value_deserializer=JSONDeserializer(loads=orjson.loads))
    application.dataframe(source).sink(Batch(handle))
    application.run()
