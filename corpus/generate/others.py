"""Benign files of many other libraries, a few each, and of the standard library's databases.

    python others.py OUT

Run on CPython 3.11 with the versions that PROVENANCE.csv names, and again on CPython 3.13 for
`shelve` over dbm.sqlite3 (everything whose library is missing is skipped). Samples whose note says
"embeds code" hold code objects written by dill or cloudpickle: honest, yet a scanner is right to speak up.
"""

import argparse
import bz2
import gzip
import importlib.util
import lzma
import os
import pickle
import shelve
import shutil
import tempfile
import zipfile
import zlib

import writing

X = [[0.0, 1.0], [1.0, 0.0], [0.5, 0.5], [1.0, 1.0]] * 5
Y = [0, 1, 0, 1] * 5
ROWS = [{"id": 1, "name": "apple"}, {"id": 2, "name": "pear"}]


def dump(folder, name, value, protocol=4, libraries="", note=""):
    folder.write(
        "%s-p%d.pkl" % (name, protocol), pickle.dumps(value, protocol), note, writing.versions(libraries.split())
    )


def write_xgboost(folder):
    import numpy as np
    import xgboost

    model = xgboost.XGBClassifier(n_estimators=2, max_depth=2).fit(np.array(X), Y)
    dump(folder, "xgboost-classifier", model, 4, "xgboost scikit-learn numpy")
    dump(folder, "xgboost-booster", model.get_booster(), 2, "xgboost")


def write_lightgbm(folder):
    import lightgbm
    import numpy as np

    model = lightgbm.LGBMClassifier(n_estimators=2, min_child_samples=1, verbose=-1).fit(np.array(X), Y)
    dump(folder, "lightgbm-classifier", model, 4, "lightgbm scikit-learn numpy")
    dump(folder, "lightgbm-booster", model.booster_, 2, "lightgbm")


def write_catboost(folder):
    import catboost

    model = catboost.CatBoostClassifier(iterations=2, depth=1, verbose=0, allow_writing_files=False).fit(X, Y)
    dump(folder, "catboost-classifier", model, 4, "catboost")


def write_statsmodels(folder):
    import numpy as np
    import statsmodels.api as sm

    result = sm.OLS(np.array(Y, float), sm.add_constant(np.array(X))).fit()
    dump(folder, "statsmodels-ols", result, 4, "statsmodels numpy pandas")


def write_gensim(folder):
    import gensim

    texts = [["shop", "apple"], ["shop", "pear"]]
    dictionary = gensim.corpora.Dictionary(texts)
    dictionary.save(folder.path("gensim-dictionary.gensim", libraries=writing.versions(["gensim"])))
    model = gensim.models.Word2Vec(texts, vector_size=4, min_count=1, workers=1, seed=1, epochs=1)
    model.save(folder.path("gensim-word2vec.model", libraries=writing.versions(["gensim", "numpy"])))


def write_networkx(folder):
    import networkx

    graph = networkx.path_graph(3)
    graph.add_edge(0, 2, weight=1.5)
    dump(folder, "networkx-graph", graph, 4, "networkx")
    dump(folder, "networkx-digraph", networkx.DiGraph(graph), 2, "networkx")


def write_scipy(folder):
    import numpy as np
    import scipy.interpolate
    import scipy.sparse
    import scipy.spatial
    import scipy.stats

    eye = scipy.sparse.eye(3)
    kinds = [eye.tocsr(), eye.tocsc(), eye.tocoo(), eye.tolil(), eye.todok(), scipy.sparse.csr_array(np.eye(2))]
    dump(folder, "scipy-sparse", kinds, 4, "scipy numpy")
    dump(folder, "scipy-sparse", kinds[:2], 2, "scipy numpy")
    dump(folder, "scipy-frozen-norm", scipy.stats.norm(1, 2), 4, "scipy numpy")
    dump(folder, "scipy-interp1d", scipy.interpolate.interp1d([0, 1], [1, 2]), 4, "scipy numpy")
    dump(folder, "scipy-kd-tree", scipy.spatial.cKDTree(np.eye(3)), 4, "scipy numpy")
    dump(folder, "scipy-rotation", scipy.spatial.transform.Rotation.identity(), 4, "scipy numpy")


def write_stable_baselines3(folder):
    import stable_baselines3

    model = stable_baselines3.PPO(
        "MlpPolicy", "CartPole-v1", n_steps=8, batch_size=8, policy_kwargs={"net_arch": [2]}, device="cpu", seed=1
    )
    libraries = writing.versions(["stable_baselines3", "torch", "gymnasium", "cloudpickle"])
    model.save(folder.path("stable-baselines3-ppo.zip", "embeds code: base64 cloudpickle in JSON", libraries))


def write_hdf5(folder):
    import h5py
    import numpy as np

    with h5py.File(folder.path("h5py.h5", libraries=writing.versions(["h5py"])), "w") as file:
        file["weights"] = np.arange(4.0)
        file.attrs["kind"] = "plain"
        file["opaque"] = np.void(pickle.dumps(ROWS, 4))


def write_pytables(folder):
    import tables

    with tables.open_file(folder.path("pytables.h5", libraries=writing.versions(["tables", "numpy"])), "w") as file:
        rows = file.create_vlarray("/", "rows", tables.ObjectAtom(), chunkshape=4)
        for row in ROWS:
            rows.append(row)
        file.root._v_attrs.settings = {"pickled": [1, 2]}


def write_pandas_hdf(folder):
    import warnings

    import pandas
    import tables

    warnings.simplefilter("ignore")
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", {"y": 1}]}, index=["r", "s"]).astype({"b": object})
    libraries = writing.versions(["pandas", "tables"])
    create = tables.File.create_vlarray  # its default chunk takes 1 MB
    tables.File.create_vlarray = lambda *given, **named: create(*given, chunkshape=4, **named)
    try:
        frame.to_hdf(folder.path("pandas-fixed.h5", libraries=libraries), key="frame", format="fixed")
    finally:
        tables.File.create_vlarray = create
    with pandas.HDFStore(folder.path("pandas-table.h5", libraries=libraries), "w") as store:
        store.append("frame", frame[["a"]], expectedrows=2)


def write_shelves(folder):
    """dbm.dumb everywhere; dbm.sqlite3 and dbm.gnu where this Python has them."""
    import dbm.dumb

    fill(shelve.Shelf(dbm.dumb.open(folder.path("shelf-dumb"), "n")))
    written = folder.rows.pop("%s/shelf-dumb" % os.path.basename(folder.out))
    for suffix in ("dat", "dir", "bak"):
        if os.path.exists(os.path.join(folder.out, "shelf-dumb." + suffix)):
            folder.path("shelf-dumb." + suffix, "shelve over dbm.dumb")
    assert written
    for module, name in [("dbm.sqlite3", "shelf-sqlite.db"), ("dbm.gnu", "shelf-gnu.db")]:
        if importlib.util.find_spec(module):
            opened = lambda: importlib.import_module(module).open(folder.path(name, "shelve over " + module), "n")
            folder.attempt(name, lambda: fill(shelve.Shelf(opened())))


def fill(shelf):
    with shelf:
        shelf["rows"] = ROWS
        shelf["one"] = 1
        shelf["rows"] = ROWS[:1]


def write_sqlite(folder):
    import sqlite3

    path = folder.path("blobs.sqlite", "pickles in a BLOB column")
    if os.path.exists(path):
        os.remove(path)
    base = sqlite3.connect(path)
    base.execute("create table cache (key text, value blob)")
    base.executemany("insert into cache values (?, ?)", [("a", pickle.dumps(ROWS, 4)), ("b", b"not a pickle")])
    base.commit()
    base.close()


def write_code_picklers(folder):
    import cloudpickle
    import dill

    scope = {"__name__": "__main__"}
    exec(compile("factor = 3\nscaled = lambda value: value * factor", "scale.py", "exec"), scope)
    scaled = scope["scaled"]
    note, libraries = "embeds code", writing.versions(["cloudpickle", "dill"])
    folder.write("cloudpickle-lambda.pkl", cloudpickle.dumps(scaled), note, libraries)
    folder.write("cloudpickle-data.pkl", cloudpickle.dumps(ROWS), "", libraries)
    folder.write("dill-lambda.pkl", dill.dumps(scaled), note, libraries)
    folder.write("dill-data.pkl", dill.dumps(ROWS), "", libraries)


def write_compressed(folder):
    data = pickle.dumps(ROWS, 4)
    folder.write("rows.pkl.gz", gzip.compress(data, mtime=0))
    folder.write("rows.pkl.bz2", bz2.compress(data))
    folder.write("rows.pkl.xz", lzma.compress(data))
    folder.write("rows.pkl.lzma", lzma.compress(data, lzma.FORMAT_ALONE))
    folder.write("rows.pkl.zlib", zlib.compress(data))
    folder.write(
        "two-members.pkl.gz",
        gzip.compress(data[:9], mtime=0) + gzip.compress(data[9:], mtime=0),
        "one pickle over two gzip members",
    )


def write_compressed_elsewhere(folder):
    import lz4.frame
    import zstandard

    data = pickle.dumps(ROWS, 4)
    folder.write("rows.pkl.lz4", lz4.frame.compress(data), "", writing.versions(["lz4"]))
    folder.write("rows.pkl.zst", zstandard.compress(data), "", writing.versions(["zstandard"]))


def write_archives(folder):
    data = pickle.dumps(ROWS, 4)
    for name, method in [
        ("stored", zipfile.ZIP_STORED),
        ("deflated", zipfile.ZIP_DEFLATED),
        ("bzip2", zipfile.ZIP_BZIP2),
        ("lzma", zipfile.ZIP_LZMA),
    ]:
        with zipfile.ZipFile(folder.path("archive-%s.zip" % name), "w", method) as archive:
            archive.writestr(zipfile.ZipInfo("models/rows.pkl"), data, method)
            archive.writestr(zipfile.ZipInfo("README.txt"), "plain text", method)
    for suffix in ("tar", "tar.gz"):
        with tempfile.TemporaryDirectory() as place:
            with open(os.path.join(place, "rows.pkl"), "wb") as file:
                file.write(data)
            base = folder.path("archive." + suffix)[: -len(suffix) - 1]
            shutil.make_archive(base, {"tar": "tar", "tar.gz": "gztar"}[suffix], place)


def write_seven_zip(folder):
    import py7zr

    with py7zr.SevenZipFile(folder.path("archive.7z", libraries=writing.versions(["py7zr"])), "w") as archive:
        archive.writestr(pickle.dumps(ROWS, 4), "rows.pkl")


def write_skops(folder):
    import numpy as np
    import skops.io
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(np.array(X), Y)
    skops.io.dump(model, folder.path("logistic-regression.skops", "holds no pickle", writing.versions(["skops"])))


def write_smaller(folder):
    import nltk
    import omegaconf
    import polars
    import shapely
    import sympy

    dump(folder, "nltk-tagger", nltk.UnigramTagger([[("shop", "NN"), ("buys", "VB")]]), 4, "nltk")
    dump(folder, "nltk-frequencies", nltk.FreqDist(["a", "b", "a"]), 2, "nltk")
    dump(folder, "omegaconf", omegaconf.OmegaConf.create({"lr": 0.1, "layers": [1, 2]}), 4, "omegaconf")
    dump(folder, "polars-frame", polars.DataFrame({"a": [1, 2]}), 4, "polars")
    dump(folder, "shapely", [shapely.Point(1, 2), shapely.box(0, 0, 1, 1)], 4, "shapely")
    x = sympy.Symbol("x")
    dump(folder, "sympy", [x**2 + sympy.sin(x), sympy.Rational(1, 3), sympy.Matrix([[1, 2]])], 4, "sympy")


def write_pillow(folder):
    from PIL import Image

    dump(folder, "pillow-image", Image.new("RGB", (2, 2), "red"), 4, "pillow")


def write_pyarrow(folder):
    import pyarrow

    dump(folder, "pyarrow-table", pyarrow.table({"a": [1, 2], "b": ["x", "y"]}), 5, "pyarrow")


def write_matplotlib(folder):
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import colors

    dump(
        folder,
        "matplotlib-colormap",
        [colors.ListedColormap(["red", "blue"]), colors.Normalize(0, 1)],
        4,
        "matplotlib numpy",
    )


def write_transformers(folder):
    import torch
    import transformers

    libraries = "transformers torch"
    config = transformers.BertConfig(
        hidden_size=4, num_hidden_layers=1, num_attention_heads=1, intermediate_size=4, vocab_size=8
    )
    dump(folder, "transformers-config", config, 4, libraries)
    with tempfile.TemporaryDirectory() as place:
        arguments = transformers.TrainingArguments(place, report_to=[], use_cpu=True)
        arguments.output_dir = arguments.logging_dir = "out"
        torch.save(arguments, folder.path("training_args.bin", libraries=writing.versions(libraries.split())))


PARTS = [
    write_xgboost,
    write_lightgbm,
    write_catboost,
    write_statsmodels,
    write_gensim,
    write_networkx,
    write_scipy,
    write_stable_baselines3,
    write_hdf5,
    write_pytables,
    write_pandas_hdf,
    write_shelves,
    write_sqlite,
    write_code_picklers,
    write_compressed,
    write_compressed_elsewhere,
    write_archives,
    write_seven_zip,
    write_skops,
    write_smaller,
    write_pillow,
    write_pyarrow,
    write_matplotlib,
    write_transformers,
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out")
    parser.add_argument("--only", help="the parts whose name contains this word")
    options = parser.parse_args()
    with writing.Folder(options.out, __file__) as folder:
        for part in PARTS:
            if not options.only or options.only in part.__name__:
                folder.attempt(part.__name__, lambda: part(folder))


if __name__ == "__main__":
    main()
