"""Benign pickles of fitted scikit-learn estimators.

    python sklearn_.py OUT

Run with scikit-learn 1.9.1, numpy 2.4.6, scipy 1.17.1 on CPython 3.11.
"""

import argparse
import pickle

import numpy as np
from sklearn import (
    cluster,
    compose,
    decomposition,
    discriminant_analysis,
    ensemble,
    feature_extraction,
    gaussian_process,
    impute,
    linear_model,
    model_selection,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    svm,
    tree,
)

import writing

GENERATOR = np.random.default_rng(1)
X = np.round(GENERATOR.normal(size=(12, 3)), 2)
Y = np.array([0, 1] * 6)
TEXTS = ["eval the model", "import os and run", "plain words here", "more plain words"]


def text_pipeline():
    vectorizer = feature_extraction.text.TfidfVectorizer()
    return pipeline.make_pipeline(vectorizer, linear_model.LogisticRegression()).fit(TEXTS, [0, 1, 0, 1])


def column_pipeline():
    columns = compose.ColumnTransformer(
        [("scale", preprocessing.StandardScaler(), [0, 1]), ("fill", impute.SimpleImputer(), [2])]
    )
    return pipeline.Pipeline(
        [("columns", columns), ("forest", ensemble.RandomForestClassifier(3, random_state=1))]
    ).fit(X, Y)


def grid_search():
    grid = model_selection.GridSearchCV(tree.DecisionTreeClassifier(random_state=1), {"max_depth": [1, 2]}, cv=2)
    return grid.fit(X, Y)


def function_transformer():
    return preprocessing.FunctionTransformer(np.log1p, inverse_func=np.expm1).fit(np.abs(X))


TABLE = [
    ("linear-regression", lambda: linear_model.LinearRegression().fit(X, Y), (0, 2, 4)),
    ("logistic-regression", lambda: linear_model.LogisticRegression().fit(X, Y), (2, 5)),
    ("sgd-classifier", lambda: linear_model.SGDClassifier(random_state=1).fit(X, Y), (4,)),
    ("decision-tree", lambda: tree.DecisionTreeClassifier(random_state=1).fit(X, Y), (2, 4)),
    ("random-forest", lambda: ensemble.RandomForestClassifier(3, random_state=1).fit(X, Y), (2, 4)),
    ("gradient-boosting", lambda: ensemble.GradientBoostingClassifier(n_estimators=3, random_state=1).fit(X, Y), (4,)),
    ("hist-gradient-boosting", lambda: ensemble.HistGradientBoostingClassifier(max_iter=2).fit(X, Y), (4,)),
    ("isolation-forest", lambda: ensemble.IsolationForest(n_estimators=3, random_state=1).fit(X), (4,)),
    ("svc", lambda: svm.SVC(probability=False).fit(X, Y), (2, 4)),
    ("k-neighbors", lambda: neighbors.KNeighborsClassifier(2, algorithm="kd_tree").fit(X, Y), (2, 4)),
    ("ball-tree", lambda: neighbors.BallTree(X), (4,)),
    ("gaussian-nb", lambda: naive_bayes.GaussianNB().fit(X, Y), (4,)),
    ("mlp", lambda: neural_network.MLPClassifier((4,), max_iter=5, random_state=1).fit(X, Y), (4,)),
    ("k-means", lambda: cluster.KMeans(2, n_init=1, random_state=1).fit(X), (4,)),
    ("pca", lambda: decomposition.PCA(2).fit(X), (4,)),
    ("lda", lambda: discriminant_analysis.LinearDiscriminantAnalysis().fit(X, Y), (4,)),
    ("gaussian-process", lambda: gaussian_process.GaussianProcessRegressor().fit(X, Y), (4,)),
    ("one-hot-encoder", lambda: preprocessing.OneHotEncoder().fit([["a", 1], ["b", 2]]), (2, 4)),
    ("label-encoder", lambda: preprocessing.LabelEncoder().fit(["a", "b"]), (2, 4)),
    ("standard-scaler", lambda: preprocessing.StandardScaler().fit(X), (0, 4)),
    ("function-transformer", function_transformer, (4,)),
    ("text-pipeline", text_pipeline, (2, 4)),
    ("column-pipeline", column_pipeline, (4,)),
    ("grid-search", grid_search, (4,)),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out")
    libraries = writing.versions(["scikit-learn", "numpy", "scipy"])
    with writing.Folder(parser.parse_args().out, __file__, libraries) as folder:
        for name, make, protocols in TABLE:
            for protocol in protocols:
                folder.attempt(
                    name, lambda: folder.write("%s-p%d.pkl" % (name, protocol), pickle.dumps(make(), protocol))
                )


if __name__ == "__main__":
    main()
