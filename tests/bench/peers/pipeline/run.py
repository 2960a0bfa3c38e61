"""Measures the Python pipeline and Switchboard, one after the other, on the same servers.

Usage: python run.py [--mentions N] [--rounds N] [--copies N] [--posts FILE ...]

Starts Apache Kafka and PostgreSQL in a temporary directory, sends the same mentions to both
sides, and prints mentions a second and processor time. `README.md` says what to have.
"""

import sys

sys.dont_write_bytecode = True

import argparse
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import judge
import mentions
from servers import WORKSPACE, Kafka, Postgres
from sides import Ours, Peer, binary

# Until every import, plan and connection is there and the caches are warm.
WARM_UP = 2_000

# A path that has not moved for so long does not move.
PATIENCE_SECONDS = 120
LOOK_SECONDS = 0.05

SERVERS = ("Kafka", "PostgreSQL")


class Place:
    """The servers, and what both sides are given."""

    def __init__(self, folder, posts):
        self.folder = folder
        self.rules = WORKSPACE / "config/rules.toml"
        self.model = folder / "model.joblib"
        self.binary = binary()
        judge.train(seed_posts(), self.model)
        self.posts = posts
        # PostgreSQL's user has to get to its own folder.
        folder.chmod(0o755)
        self.postgres = Postgres(folder)
        self.kafka = Kafka(folder)

    def stop(self):
        self.kafka.stop()
        self.postgres.stop()

    def processor_seconds(self):
        seconds = (self.kafka.processor_seconds(), self.postgres.processor_seconds())
        return dict(zip(SERVERS, seconds))


def seed_posts():
    """Our own labelled posts; the folder tells the language."""
    posts = []
    for path in sorted((WORKSPACE / "crates/classify/seed").glob("*/*.jsonl")):
        for post in judge.read_posts([path]):
            posts.append({"lang": path.parent.name, **post})
    return posts


def measure(side, stages, place, count, copies):
    """Feeds, waits, and gives mentions a second and processor seconds a mention."""
    try:
        side.start(place, stages, copies)
        done = side.routed if "route" in stages else side.classified
        feed(side, place, range(WARM_UP))
        wait(side, done, WARM_UP)
        made = mentions.records(place.posts, range(WARM_UP, WARM_UP + count))
        before = {**side.processor_seconds(), **place.processor_seconds()}
        begun = time.monotonic()
        mentions.send(side.bootstrap, side.received, made)
        wait(side, done, WARM_UP + count)
        seconds = time.monotonic() - begun
        after = {**side.processor_seconds(), **place.processor_seconds()}
        if "route" in stages:
            check_twice(side, place, WARM_UP + count)
    finally:
        side.stop()
    return count / seconds, {name: (after[name] - before[name]) / count for name in after}


def feed(side, place, numbers):
    mentions.send(side.bootstrap, side.received, mentions.records(place.posts, numbers))


def wait(side, done, count):
    """Until `done()` says so many."""
    moved, seen = time.monotonic(), 0
    while (now := done()) < count:
        side.check()
        if now > seen:
            moved, seen = time.monotonic(), now
        if time.monotonic() - moved > PATIENCE_SECONDS:
            raise RuntimeError(f"{side.prefix} stands still at {seen} of {count}")
        time.sleep(LOOK_SECONDS)


def check_twice(side, place, count):
    """Mentions that come again open no second ticket."""
    found = side.tickets()
    if found != count:
        raise RuntimeError(f"{side.prefix} has {found} tickets of {count} mentions")
    feed(side, place, range(WARM_UP))
    wait(side, side.routed, count + WARM_UP)
    if side.tickets() != found:
        raise RuntimeError(f"{side.prefix} has {side.tickets()} tickets after a repetition")


def show(title, measured):
    """One line a side and round, and how many times the one is the other."""
    print(f"\n{title}, load {os.getloadavg()[0]:.1f}; µs of a processor for each mention")
    for side, (rate, spent) in measured:
        parts = ", ".join(f"{part} {cost * 1e6:.0f}" for part, cost in spent.items())
        print(f"  {side:8} {rate:7.0f} mentions/s  {parts}")
    for (_, (peer_rate, peer_spent)), (_, (our_rate, our_spent)) in zip(
        measured[::2], measured[1::2]
    ):
        print(
            f"  Switchboard to Python: mentions/s {our_rate / peer_rate:.1f},"
            f" per processor second {own(peer_spent) / own(our_spent):.1f},"
            f" servers included {sum(peer_spent.values()) / sum(our_spent.values()):.1f}"
        )


def own(spent):
    return sum(cost for part, cost in spent.items() if part not in SERVERS)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mentions", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--copies", type=int, default=1, help="classify processes of the peer")
    parser.add_argument("--posts", nargs="*", help="texts to send; our seed posts when left out")
    return parser.parse_args()


def main():
    # So that everything is stopped, whoever ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    given = arguments()
    posts = judge.read_posts(given.posts) if given.posts else seed_posts()
    version = subprocess.run([binary(), "--version"], capture_output=True, text=True, check=True)
    length = sum(len(post["text"]) for post in posts) / len(posts)
    print(f"{version.stdout.strip()}, Python {sys.version.split()[0]}, {os.cpu_count()} cores")
    print(f"{given.mentions} mentions, {len(posts)} texts of {length:.0f} signs on average")
    with tempfile.TemporaryDirectory(prefix="peer-") as folder:
        place = Place(Path(folder), posts)
        try:
            measure_all(place, given)
        finally:
            place.stop()


def measure_all(place, given):
    for title, stages in [("classify", ["classify"]), ("whole path", ["classify", "route"])]:
        measured = []
        for number in range(1, given.rounds + 1):
            for kind in (Peer, Ours):
                side = kind(f"{kind.NAME}-{stages[-1]}-{number}", place)
                result = measure(side, stages, place, given.mentions, given.copies)
                measured.append((kind.NAME, result))
        show(title, measured)


main()
