"""Stage 1: `mention.received` to `mention.classified`.

Usage: python classify.py BOOTSTRAP PREFIX RULES.toml MODEL
"""

import sys

import orjson

from judge import Judge
from stage import producer, publish, run


def main():
    bootstrap, prefix, rules, model = sys.argv[1:]
    judge = Judge(rules, model)
    to = producer(bootstrap)

    def classify(records):
        verdicts = judge.verdicts([value["mention"] for value, _, _, _ in records])
        judged = (
            (key, orjson.dumps({**value, "classification": verdict}))
            for (value, key, _, _), verdict in zip(records, verdicts)
        )
        publish(to, f"{prefix}mention.classified", judged)

    run(bootstrap, f"{prefix}classify", f"{prefix}mention.received", classify)


main()
