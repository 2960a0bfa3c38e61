"""Mentions of our own making, as records of `mention.received`, and the way into the topic.

The shape is that of `../../whole_path/feed.rs`: every author is a new one, so that every
mention opens a ticket. The words are those of labelled posts, each in its turn.
"""

from datetime import UTC, datetime

import orjson
from confluent_kafka import Producer

FLUSH_SECONDS = 60


def records(posts, numbers):
    """Key and payload, as the product itself writes them to the topic."""
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return [record(posts[number % len(posts)], number, now) for number in numbers]


def record(post, number, received_at):
    mention = {
        "op": "upsert",
        "platform": "x",
        "id": f"bench-{number}",
        "version": 0,
        "form": "post",
        "visibility": "public",
        "text": f"{post['text']} (order {number})",
        "lang": post.get("lang", "en"),
        "url": f"https://social.example/posts/{number}",
        "author": {
            "id": f"author-{number}",
            "handle": f"customer_{number}",
            "followers": number % 5_000,
        },
        "account": ["Acme"],
    }
    payload = {"v": 1, "received_at": received_at, "mention": mention}
    return f"x::author-{number}".encode(), orjson.dumps(payload)


def send(bootstrap, topic, made):
    """All at once, and waits until the broker has them."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "compression.type": "lz4",
            "linger.ms": 5,
            # A broker that has just started says "not yet" a few times, which is no news.
            "log_level": 3,
            "queue.buffering.max.messages": 2_000_000,
        }
    )
    for key, payload in made:
        producer.produce(topic, payload, key)
        producer.poll(0)
    if producer.flush(FLUSH_SECONDS):
        raise RuntimeError("the broker did not take every mention")
