"""Golden files of Tests/EvaluationTests: metrics of random predictions by scikit-learn and Keras, intervals by SciPy.
"""
import json
import os
import warnings

import numpy as np
from scipy import stats
from sklearn import metrics
from sklearn.dummy import DummyClassifier

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
BINARY = ["abnormal", "normal"]


def softmax(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True)).astype(np.float32)


def draw(rng, count, prior, skill):
    """Labels by the prior, and float32 probabilities that know them a little."""
    truth = rng.choice(len(prior), size=count, p=prior)
    logits = rng.normal(size=(count, len(prior)))
    logits[np.arange(count), truth] += skill
    return truth, softmax(logits)


def cases():
    rng = np.random.default_rng(2016)
    sites = lambda count: [f"training-{s}" for s in rng.choice(list("abcdef"), size=count)]
    truth, p = draw(rng, 150, [0.3, 0.7], 1.0)
    yield "two classes", BINARY, truth, p, sites(150)
    truth, p = draw(rng, 120, [0.4, 0.6], 0.7)
    p[:, 0] = np.round(p[:, 0], 1)
    p[:, 1] = 1 - p[:, 0]
    yield "ties", BINARY, truth, p, sites(120)
    truth, p = draw(rng, 100, [0.5, 0.5], 0.5)
    truth[:] = 1
    truth[[4, 40, 77]] = 0
    yield "imbalanced", BINARY, truth, p, sites(100)
    truth = rng.choice(2, size=40)
    yield "constant", ["healthy", "ill"], truth, np.full((40, 2), 0.5, np.float32), None
    truth = rng.choice(2, size=30)
    p = np.where(np.arange(2) == truth[:, None], np.float32(0.9), np.float32(0.1))
    yield "perfect", BINARY, truth, p, None
    truth, p = draw(rng, 40, [0.5, 0.5], 0.5)
    yield "one class only", BINARY, np.zeros_like(truth), p, None
    truth, p = draw(rng, 90, [0.2, 0.3, 0.5], 1.2)
    yield "three classes with normal", ["extrasystole", "murmur", "normal"], truth, p, sites(90)
    truth, p = draw(rng, 90, [0.1, 0.2, 0.3, 0.4], 0.8)
    p[:, 0] = 0
    p /= p.sum(axis=1, keepdims=True)
    names = ["aortic stenosis", "mitral regurgitation", "MVP", "Maß"]
    yield "four classes, one never predicted", names, truth, p, sites(90)


def mean(values):
    values = [float(v) for v in values if v is not None]
    return sum(values) / len(values) if values else None


def scores(names, truth, p):
    """Sensitivity, specificity and AUC by scikit-learn, averaged over the contrasts the project defines."""
    k = len(names)
    called = p.argmax(axis=1)
    if k == 2:
        positive = 0 if names[1] == "normal" else 1
        contrasts = [(truth == positive, called == positive, p[:, positive])]
    elif "normal" in names:
        n = names.index("normal")
        contrasts = [(truth != n, called != n, 1 - p[:, n])]
    else:
        contrasts = [(truth == c, called == c, p[:, c]) for c in range(k)]
    recall = lambda y, z: float(metrics.recall_score(y, z)) if y.any() else None
    area = lambda y, s: float(metrics.roc_auc_score(y, s)) if 0 < y.sum() < len(y) else None
    sensitivity = mean(recall(y, z) for y, z, _ in contrasts)
    specificity = mean(recall(~y, ~z) for y, z, _ in contrasts)
    auc = mean(area(y, s) for y, _, s in contrasts)
    if k > 2 and len(contrasts) == k and len(set(truth)) == k and np.allclose(p.sum(axis=1), 1, atol=1e-6):
        assert abs(auc - metrics.roc_auc_score(truth, p, multi_class="ovr", average="macro")) < 1e-12
    return {
        "count": len(truth), "accuracy": float(metrics.accuracy_score(truth, called)),
        "sensitivity": sensitivity, "specificity": specificity, "auc": auc,
        "macc": None if None in (sensitivity, specificity) else (sensitivity + specificity) / 2,
    }, contrasts


def baseline(names, truth, groups):
    """Class frequencies of all recordings, or of those of one group, by DummyClassifier."""
    p = np.zeros((len(truth), len(names)))
    for group in sorted(set(groups)):
        rows = np.array([g == group for g in groups])
        dummy = DummyClassifier(strategy="prior").fit(np.zeros((rows.sum(), 1)), truth[rows])
        p[np.ix_(rows, dummy.classes_)] = dummy.class_prior_
    return scores(names, truth, p)[0]


def bootstrap(truth, score, replicates=4000):
    rng = np.random.default_rng(95)
    areas = []
    for _ in range(replicates):
        drawn = rng.integers(len(truth), size=len(truth))
        if 0 < truth[drawn].sum() < len(drawn):
            areas.append(metrics.roc_auc_score(truth[drawn], score[drawn]))
    return np.percentile(areas, [2.5, 97.5]).tolist()


def describe(name, names, truth, p32, groups):
    import keras
    k = len(names)
    p = p32.astype(np.float64)
    called = p.argmax(axis=1)
    overall, contrasts = scores(names, truth, p)
    keras_metric = keras.metrics.SensitivityAtSpecificity(0.5)
    keras_metric.update_state(np.eye(k, dtype=np.float32)[truth], p32)
    case = {
        "name": name, "classes": names, "truth": truth.tolist(), "probabilities": p.tolist(), "groups": groups,
        "scores": overall,
        "confusion_matrix": metrics.confusion_matrix(truth, called, labels=range(k)).tolist(),
        "report": metrics.classification_report(
            truth, called, labels=range(k), target_names=names, digits=2, zero_division=0),
        "log_loss": float(metrics.log_loss(truth, p, labels=range(k))),
        "sensitivity_at_specificity": float(keras_metric.result()),
        "per_class": dict(zip(names, np.array(metrics.precision_recall_fscore_support(
            truth, called, labels=range(k), zero_division=np.nan)[:3]).T.tolist())),
    }
    for figures in case["per_class"].values():
        figures[:] = [None if np.isnan(f) else f for f in figures]
    y, _, score = contrasts[0]
    if 0 < y.sum() < len(y):
        fpr, tpr, thresholds = metrics.roc_curve(y, score, drop_intermediate=False)
        case["roc"] = {"fpr": fpr.tolist(), "tpr": tpr.tolist(), "thresholds": thresholds[1:].tolist()}
        if len(contrasts) == 1:
            case["bootstrap"] = bootstrap(y, score)
    if groups is not None:
        members = lambda g: np.array([h == g for h in groups])
        case["by_group"] = {g: scores(names, truth[members(g)], p[members(g)])[0] for g in sorted(set(groups))}
        case["majority_class"] = baseline(names, truth, ["all"] * len(truth))
        case["majority_class_of_group"] = baseline(names, truth, groups)
    return case


def on_thresholds():
    """Few recordings whose probabilities lie on Keras' thresholds, or on both sides: where "above" is decided."""
    import keras
    rng = np.random.default_rng(199)
    for count in range(3, 43):
        k = int(rng.integers(2, 5))
        truth = rng.choice(k, size=count)
        steps = rng.multinomial(199, np.full(k, 1 / k), size=count)
        p = (steps / np.float64(199)).astype(np.float32)
        metric = keras.metrics.SensitivityAtSpecificity(0.5)
        metric.update_state(np.eye(k, dtype=np.float32)[truth], p)
        yield {"truth": truth.tolist(), "probabilities": p.astype(np.float64).tolist(), "value": float(metric.result())}


def proportion(part, whole):
    interval = stats.binomtest(part, whole).proportion_ci(method="wilson")
    return {"part": part, "whole": whole, "lower": float(interval.low), "upper": float(interval.high)}


def dump(file, value):
    file.write_text(json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False) + "\n")


def write(tests):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        described = [describe(*case) for case in cases()]
    golden = tests / "EvaluationTests/Golden"
    dump(golden / "metrics.json", described)
    dump(golden / "sensitivities.json", list(on_thresholds()))
    pairs = [(0, 1), (1, 1), (0, 40), (40, 40), (1, 3), (95, 105), (183, 196), (5000, 10001)]
    dump(golden / "proportions.json", [proportion(*pair) for pair in pairs])
