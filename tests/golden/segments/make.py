"""Makes the golden files of the segments, from scikit-learn and pandas. Run by hand when a definition changes:

    python3 -m venv /tmp/sk && /tmp/sk/bin/pip install scikit-learn==1.9.1 pandas
    cd tests/golden/segments && /tmp/sk/bin/python make.py

The customers are invented: most come once, some often, a few do both a lot and pay in large sums.
"""
import csv
import json
import numpy as np
import pandas as pd
from sklearn.cluster import DBSCAN, KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.preprocessing import StandardScaler

random = np.random.default_rng(20261127)
COUNT = 1500
kind = random.choice(4, COUNT, p=[0.55, 0.25, 0.15, 0.05])
count = np.where(
    kind == 0, 1,
    np.where(kind == 1, random.poisson(1.5, COUNT) + 1,
    np.where(kind == 2, random.poisson(6, COUNT) + 2, random.poisson(25, COUNT) + 5)))
days = np.where(kind >= 2, random.exponential(60, COUNT), random.uniform(0, 700, COUNT)).astype(int)
minor = np.maximum((count * random.lognormal(8, 0.6, COUNT)).astype(int), 1)
with open("customers.csv", "w", newline="") as file:
    out = csv.writer(file, lineterminator="\n")
    out.writerow(["days", "count", "minor"])
    out.writerows(zip(days.tolist(), count.tolist(), minor.tolist()))

features = np.log1p(np.column_stack([days, count, minor / 100]).astype(float))
points = StandardScaler().fit_transform(features)
golden = {"kmeans": {}, "dbscan": []}
labels = {}
for k in range(3, 9):
    best = KMeans(k, n_init=50, random_state=0, tol=0).fit(points)
    labels[k] = best.labels_
    golden["kmeans"][str(k)] = {
        "inertia_10": KMeans(k, n_init=10, random_state=0).fit(points).inertia_,
        "inertia_50": best.inertia_,
        "silhouette": silhouette_score(points, best.labels_),
        "labels": "".join(str(label) for label in best.labels_),
    }
golden["ari_4_7"] = adjusted_rand_score(labels[4], labels[7])
for eps, samples in [(0.15, 5), (0.25, 10), (0.6, 4)]:
    found = DBSCAN(eps=eps, min_samples=samples).fit(points)
    golden["dbscan"].append({"eps": eps, "min_samples": samples, "labels": found.labels_.tolist()})

# RFM: recency in fifths of the rank of the last time (the latest is 5), equals by id; nobody is gone who was there within
# 60, 30, 14 or 3 days; frequency in bins by value.
table = pd.DataFrame({"id": range(COUNT), "days": days, "count": count})
order = table.sort_values(["days", "id"], ascending=[False, True]).reset_index(drop=True)
order["recency"] = pd.qcut(order.index + 1, 5, labels=False) + 1
for least, floor in [(60, 2), (30, 3), (14, 4), (3, 5)]:
    order.loc[order["days"] < least, "recency"] = order.loc[order["days"] < least, "recency"].clip(lower=floor)
order["frequency"] = pd.cut(order["count"], [0, 1, 2, 4, 7, np.inf], labels=False) + 1


def name(r, f):
    if r == 5 and f >= 4:
        return "champions"
    if r >= 3 and f >= 4:
        return "loyal"
    if r >= 4:
        return "new" if f == 1 else "potential loyalist"
    if r == 3:
        return "needs attention"
    if f == 5:
        return "can't lose"
    if f >= 3:
        return "at risk"
    return "hibernating" if r == 2 else "lost"


order["name"] = [name(r, f) for r, f in zip(order["recency"], order["frequency"])]
golden["rfm"] = order.sort_values("id")["name"].tolist()
golden["rfm_sizes"] = order["name"].value_counts().to_dict()
json.dump(golden, open("golden.json", "w"), separators=(",", ":"))
print(golden["rfm_sizes"], {k: v["inertia_10"] for k, v in golden["kmeans"].items()}, golden["ari_4_7"])
print([(len(set(d["labels"])), d["labels"].count(-1)) for d in golden["dbscan"]])
