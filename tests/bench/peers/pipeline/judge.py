"""Gives a batch of posts their labels: rules and a linear model over hashed n-grams.

The rules and the plain form of a text are those of `../classifier/peer.py`.
"""

import sys
from pathlib import Path

import joblib
import orjson
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import make_union

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "classifier"))
from peer import Rules, plain


def vectoriser():
    """Hashing needs no training, so every process makes its own."""
    return make_union(
        HashingVectorizer(n_features=2**15, ngram_range=(1, 2), alternate_sign=False),
        HashingVectorizer(
            n_features=2**16, analyzer="char_wb", ngram_range=(3, 5), alternate_sign=False
        ),
    )


def train(posts, path):
    """Fits the model to labelled posts and keeps it in a file for the processes."""
    model = SGDClassifier(loss="log_loss", max_iter=5, tol=None, random_state=1)
    features = vectoriser().transform([plain(post["text"]) for post in posts])
    model.fit(features, [post["label"] for post in posts])
    joblib.dump(model, path)


class Judge:
    """The rules and the model, ready for batches."""

    def __init__(self, rules_path, model_path):
        self.rules = Rules(rules_path)
        self.vectoriser = vectoriser()
        self.model = joblib.load(model_path)
        self.labels = [str(label) for label in self.model.classes_]

    def verdicts(self, mentions):
        """One verdict for each mention, in their order."""
        texts = [plain(mention["text"]) for mention in mentions]
        shares = self.model.predict_proba(self.vectoriser.transform(texts)).tolist()
        return [
            self.verdict(text, mention.get("lang"), row)
            for mention, text, row in zip(mentions, texts, shares)
        ]

    def verdict(self, text, language, shares):
        scores = dict(zip(self.labels, shares))
        hits = self.rules.hits(text, language)
        for _, label, weight in hits:
            if label:
                scores[label] += weight
        return {
            "label": max(scores, key=scores.get),
            "scores": scores,
            "reasons": [name for name, _, _ in hits],
        }


def read_posts(paths):
    """The labelled posts of some files, one JSON object a line."""
    posts = []
    for path in paths:
        lines = Path(path).read_bytes().splitlines()
        posts.extend(orjson.loads(line) for line in lines if line.strip())
    return posts
