"""How long scikit-learn searches 2 x 2 options of ``tt.SequenceClassifier`` on 400 texts, and what it finds.

python benchmarks/estimators.py [--jobs 2]: the texts are 400 surnames, 100 of each of four countries, from the lists of
Faker; GridSearchCV tries two cells of two sizes in three folds, then learns the best on all. The score is that of names
which were not learned from; beside it a linear model on the same folds. Goal: 2 minutes on two cores.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

import throughtime as tt
from throughtime.data.demos.names import names_by_country

COUNTRIES, EACH, FOLDS = ("Finland", "Germany", "Italy", "Slovakia"), 100, 3
GRID = {"cell": ["lstm", "gru"], "hidden": [64, 128]}
GOAL = 120


def surnames() -> tuple[list[str], list[str]]:
    """The names and their countries."""
    with tempfile.TemporaryDirectory() as folder:
        names_by_country(Path(folder))
        with (Path(folder) / "names-train.csv").open(encoding="utf-8", newline="") as file:
            rows = [(row["name"], row["country"]) for row in csv.DictReader(file)]
    chosen = [row for country in COUNTRIES for row in [row for row in rows if row[1] == country][:EACH]]
    return [name for name, _ in chosen], [country for _, country in chosen]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    names, countries = surnames()
    began = time.perf_counter()
    search = GridSearchCV(tt.SequenceClassifier(epochs=40, random_state=0), GRID, cv=FOLDS, n_jobs=given.jobs)
    search.fit(names, countries)
    seconds = time.perf_counter() - began
    for options, score in zip(search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True):
        print(f"{options}: accuracy {score:.3f}")
    linear = make_pipeline(TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 3)), LogisticRegression(C=10))
    print(f"a linear model: accuracy {cross_val_score(linear, names, countries, cv=FOLDS).mean():.3f}")
    print(f"{len(names)} texts, 2 x 2 options, {FOLDS} folds, the best on all: {seconds:.0f} s (goal: {GOAL} s)")


if __name__ == "__main__":
    main()
