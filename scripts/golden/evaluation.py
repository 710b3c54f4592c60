"""Golden files of Tests/Results/EvaluationTests: metrics of random predictions by scikit-learn and Keras, intervals by SciPy and, of
patients with several recordings, by statsmodels.
"""
import json
import os
import warnings

import numpy as np
from scipy import stats
from sklearn import metrics
from sklearn.calibration import calibration_curve
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


def contrasts_of(names, truth, called, p, positive=None):
    """Truth, decision and score of each question the project asks of the classes, of which one may be said to be positive."""
    k = len(names)
    if positive in names or (k == 2 and {"normal", "healthy"} & set(names)):
        index = names.index(positive) if positive in names else 0 if names[1] in ("normal", "healthy") else 1
        return [(truth == index, called == index, p[:, index])]
    if "normal" in names:
        n = names.index("normal")
        return [(truth != n, called != n, 1 - p[:, n])]
    return [(truth == c, called == c, p[:, c]) for c in range(k)]


def calibration_error(outcome, probability):
    """The expected calibration error, from scikit-learn's reliability curve and the bins' counts."""
    frequency, mean_probability = calibration_curve(outcome, probability, n_bins=10)
    counts = np.bincount(np.searchsorted(np.linspace(0, 1, 11)[1:-1], probability), minlength=10)
    return float(np.average(np.abs(frequency - mean_probability), weights=counts[counts > 0]))


def keras_sensitivity(names, truth, p):
    import keras
    metric = keras.metrics.SensitivityAtSpecificity(0.5)
    metric.update_state(np.eye(len(names), dtype=np.float32)[truth], p.astype(np.float32))
    return float(metric.result())


def scores(names, truth, p, positive=None):
    """The figures of one set of recordings, averaged over the contrasts the project defines."""
    k = len(names)
    called = p.argmax(axis=1)
    contrasts = contrasts_of(names, truth, called, p, positive)
    recall = lambda y, z: float(metrics.recall_score(y, z)) if y.any() else None
    area = lambda y, s: float(metrics.roc_auc_score(y, s)) if 0 < y.sum() < len(y) else None
    precision = lambda y, s: float(metrics.average_precision_score(y, s)) if y.any() else None
    sensitivity = mean(recall(y, z) for y, z, _ in contrasts)
    specificity = mean(recall(~y, ~z) for y, z, _ in contrasts)
    auc = mean(area(y, s) for y, _, s in contrasts)
    if k > 2 and len(contrasts) == k and len(set(truth)) == k and np.allclose(p.sum(axis=1), 1, atol=1e-6):
        assert abs(auc - metrics.roc_auc_score(truth, p, multi_class="ovr", average="macro")) < 1e-12
    return {
        "count": len(truth), "accuracy": float(metrics.accuracy_score(truth, called)),
        "sensitivity": sensitivity, "specificity": specificity, "auc": auc,
        "macc": None if None in (sensitivity, specificity) else (sensitivity + specificity) / 2,
        "average_precision": mean(precision(y, s) for y, _, s in contrasts),
        "sensitivity_at_specificity_0.5": keras_sensitivity(names, truth, p),
        "log_loss": float(metrics.log_loss(truth, p, labels=range(k))),
        "brier_score": mean(metrics.brier_score_loss(y, s, labels=[False, True], pos_label=True)
                            for y, _, s in contrasts),
        "expected_calibration_error": calibration_error(called == truth, p.max(axis=1)),
    }, contrasts


def baseline(names, truth, groups, positive=None):
    """Class frequencies of all recordings, or of those of one group, by DummyClassifier."""
    p = np.zeros((len(truth), len(names)))
    for group in sorted(set(groups)):
        rows = np.array([g == group for g in groups])
        dummy = DummyClassifier(strategy="prior").fit(np.zeros((rows.sum(), 1)), truth[rows])
        p[np.ix_(rows, dummy.classes_)] = dummy.class_prior_
    return scores(names, truth, p, positive)[0]


def bootstrap(truth, score, figure, replicates=4000):
    rng = np.random.default_rng(95)
    values = []
    for _ in range(replicates):
        drawn = rng.integers(len(truth), size=len(truth))
        if 0 < truth[drawn].sum() < len(drawn):
            values.append(figure(truth[drawn], score[drawn]))
    return np.percentile(values, [2.5, 97.5]).tolist()


def choose(y, score):
    """The lowest of the thresholds with the greatest balanced accuracy."""
    thresholds = np.unique(score)
    reached = np.array([metrics.balanced_accuracy_score(y, score >= t) for t in thresholds])
    return float(thresholds[reached > reached.max() - 1e-12].min())


def decide(y, decision):
    """What decisions come to; what has no denominator is None."""
    rate = lambda figure, *answers: (lambda v: None if np.isnan(v) else v)(float(figure(*answers, zero_division=np.nan)))
    return {
        "confusion_matrix": metrics.confusion_matrix(y, decision, labels=[False, True]).tolist(),
        "accuracy": float(metrics.accuracy_score(y, decision)),
        "sensitivity": rate(metrics.recall_score, y, decision),
        "specificity": rate(metrics.recall_score, ~y, ~decision),
        "precision": rate(metrics.precision_score, y, decision), "f1": rate(metrics.f1_score, y, decision),
        "macc": float(metrics.balanced_accuracy_score(y, decision)) if 0 < y.sum() < len(y) else None,
    }


def describe(name, names, truth, p32, groups):
    k = len(names)
    p = p32.astype(np.float64)
    called = p.argmax(axis=1)
    overall, contrasts = scores(names, truth, p)
    case = {
        "name": name, "classes": names, "truth": truth.tolist(), "probabilities": p.tolist(), "groups": groups,
        "scores": overall,
        "confusion_matrix": metrics.confusion_matrix(truth, called, labels=range(k)).tolist(),
        "report": metrics.classification_report(
            truth, called, labels=range(k), target_names=names, digits=2, zero_division=0),
        "per_class": dict(zip(names, np.array(metrics.precision_recall_fscore_support(
            truth, called, labels=range(k), zero_division=np.nan)[:3]).T.tolist())),
    }
    for figures in case["per_class"].values():
        figures[:] = [None if np.isnan(f) else f for f in figures]
    y, decision, score = contrasts[0]
    frequency, probability = calibration_curve(y, score, n_bins=10)
    case["reliability"] = {"frequency": frequency.tolist(), "probability": probability.tolist()}
    if y.any():
        precision, recall, thresholds = metrics.precision_recall_curve(y, score)
        case["precision_recall"] = {
            "precision": precision.tolist(), "recall": recall.tolist(), "thresholds": thresholds.tolist()}
    if 0 < y.sum() < len(y):
        fpr, tpr, thresholds = metrics.roc_curve(y, score, drop_intermediate=False)
        case["roc"] = {"fpr": fpr.tolist(), "tpr": tpr.tolist(), "thresholds": thresholds[1:].tolist()}
        if len(contrasts) == 1:
            case["threshold"] = choose(y, score)
            chosen = score >= case["threshold"]
            case["at_threshold"] = decide(y, chosen)
            case["bootstrap"] = bootstrap(y, score, metrics.roc_auc_score)
            case["macc_bootstrap"] = bootstrap(y, decision, metrics.balanced_accuracy_score)
            case["threshold_bootstrap"] = bootstrap(y, chosen, metrics.balanced_accuracy_score)
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


def of_patients(is_so, patients):
    """Wilson's interval of a share of recordings that count as many as the variance between patients allows, both by statsmodels."""
    import statsmodels.api as sm
    from statsmodels.stats.proportion import proportion_confint
    is_so = np.asarray(is_so, dtype=float)
    names = sorted(set(patients))
    count, share = len(is_so), is_so.mean()
    if len(names) == count:
        effective = count
    elif share in (0, 1) or len(names) == 1:
        effective = len(names)
    else:
        groups = np.array([names.index(name) for name in patients])
        fit = sm.OLS(is_so, np.ones(count)).fit(cov_type="cluster", cov_kwds={"groups": groups})
        effective = count / max(1, fit.cov_params()[0, 0] / (share * (1 - share) / count))
    lower, upper = proportion_confint(share * effective, effective, method="wilson")
    return {"lower": float(max(lower, 0)), "upper": float(min(upper, 1))}


def shares():
    """Shares of recordings of patients with one to six each, who are more or less alike in themselves."""
    rng = np.random.default_rng(1992)
    for people, alike in [(12, 0), (12, 1), (40, 0.5), (40, 0.9), (3, 0.5), (1, 0), (25, 2), (60, 0.2)]:
        own = rng.random(people)
        answers = [
            [bool(a) for a in (rng.random(rng.integers(1, 7)) < (own[i] if rng.random() < alike else 0.6))] for i in range(people)]
        if alike == 1:
            answers = [[own[i] < 0.5] * len(row) for i, row in enumerate(answers)]
        if alike == 2:
            answers = [[True] * len(row) for row in answers]
        answers = [[bool(a) for a in row] for row in answers]
        flat = [(a, f"p{i}") for i, row in enumerate(answers) for a in row]
        yield {"answers": answers} | of_patients(*zip(*flat))


def dump(file, value):
    file.write_text(json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False) + "\n")


def write(tests):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        described = [describe(*case) for case in cases()]
    golden = tests / "Results/EvaluationTests/Golden"
    dump(golden / "metrics.json", described)
    dump(golden / "sensitivities.json", list(on_thresholds()))
    pairs = [(0, 1), (1, 1), (0, 40), (40, 40), (1, 3), (95, 105), (183, 196), (5000, 10001)]
    dump(golden / "shares.json", list(shares()))
    dump(golden / "proportions.json", [proportion(*pair) for pair in pairs])
