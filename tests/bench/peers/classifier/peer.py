"""The classifier's peer: the same rules and hashed n-grams, in Python with scikit-learn.

Usage: python peer.py RULES.toml TRAIN.jsonl POSTS.jsonl [SECONDS]

Trains a linear model on TRAIN once (not timed), then goes from JSON line to JSON line over
POSTS again and again for SECONDS of processor time, in batches, on one core, and prints posts
per second. In a batch the vectoriser works at its best; a stream post by post is slower.
"""

import json
import re
import sys
import time
import tomllib
import unicodedata

from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import make_union

BATCH_POSTS = 1000
LANGUAGES = {"en", "es", "fr", "de", "pt"}
HANDLE = re.compile(r"@\w+")
LINK = re.compile(r"(?:https?://|www\.)\S+")
DRAWN_OUT = re.compile(r"([^\W\d])\1{2,}")


def plain(text):
    text = LINK.sub("~", HANDLE.sub("@", text)).lower().replace("’", "'")
    text = unicodedata.normalize("NFKD", text)
    text = "".join(sign for sign in text if not unicodedata.combining(sign))
    return DRAWN_OUT.sub(r"\1\1", text.replace("ß", "ss"))


def compiled(patterns):
    return [re.compile(plain_pattern(pattern), re.ASCII) for pattern in patterns]


def plain_pattern(pattern):
    folded = unicodedata.normalize("NFKD", pattern)
    return "".join(sign for sign in folded if not unicodedata.combining(sign))


class Rules:
    def __init__(self, path):
        with open(path, "rb") as file:
            data = tomllib.load(file)
        self.guards = {
            guard["name"]: (compiled(guard["any"]), compiled(guard.get("not", [])))
            for guard in data["guard"]
        }
        self.rules = [
            (
                rule["name"],
                set(rule.get("languages", LANGUAGES)),
                rule.get("label"),
                rule.get("weight", 0.0),
                compiled(rule["any"]),
                compiled(rule.get("with", [])),
                compiled(rule.get("not", [])),
                rule.get("unless", []),
            )
            for rule in data["rule"]
        ]

    def hits(self, text, language):
        known = {}
        found = []
        for name, languages, label, weight, any_of, with_one, none_of, unless in self.rules:
            if language in LANGUAGES and language not in languages:
                continue
            if not any(pattern.search(text) for pattern in any_of):
                continue
            if with_one and not any(pattern.search(text) for pattern in with_one):
                continue
            if any(pattern.search(text) for pattern in none_of):
                continue
            if any(self.guarded(guard, text, known) for guard in unless):
                continue
            found.append((name, label, weight))
        return found

    def guarded(self, name, text, known):
        if name not in known:
            any_of, none_of = self.guards[name]
            known[name] = any(pattern.search(text) for pattern in any_of) and not any(
                pattern.search(text) for pattern in none_of
            )
        return known[name]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def main():
    rules = Rules(sys.argv[1])
    vectoriser = make_union(
        HashingVectorizer(n_features=2**15, ngram_range=(1, 2), alternate_sign=False),
        HashingVectorizer(
            n_features=2**16, analyzer="char_wb", ngram_range=(3, 5), alternate_sign=False
        ),
    )
    train = [json.loads(line) for line in read(sys.argv[2])]
    model = SGDClassifier(loss="log_loss", max_iter=5, random_state=1)
    model.fit(
        vectoriser.transform([plain(post["text"]) for post in train]),
        [post["label"] for post in train],
    )
    lines = read(sys.argv[3])
    budget = float(sys.argv[4]) if len(sys.argv) > 4 else 10.0
    judged, written = 0, 0
    start = time.process_time()
    while time.process_time() - start < budget:
        for at in range(0, len(lines), BATCH_POSTS):
            posts = [json.loads(line) for line in lines[at : at + BATCH_POSTS]]
            texts = [plain(post["text"]) for post in posts]
            scores = model.predict_proba(vectoriser.transform(texts))
            for post, text, row in zip(posts, texts, scores):
                hits = rules.hits(text, post.get("lang"))
                shares = dict(zip(model.classes_, map(float, row)))
                for _, label, weight in hits:
                    if label:
                        shares[label] += weight
                verdict = {
                    "id": post.get("id", ""),
                    "label": max(shares, key=shares.get),
                    "scores": shares,
                    "reasons": [name for name, _, _ in hits],
                }
                written += len(json.dumps(verdict))
            judged += len(posts)
            if time.process_time() - start > budget:
                break
    seconds = time.process_time() - start
    print(f"{judged / seconds:.0f} posts/s, {judged} posts, {written} bytes written")


if __name__ == "__main__":
    main()
