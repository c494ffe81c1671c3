"""The acceptance set: 20 honest files as their libraries write them, and 5 inert malicious ones.

    python acceptance.py OUT20 OUT5

OUT20 gets real checkpoints, models and data frames; a scanner must find nothing in them (the author's own
classes, module `nets`, at most unfamiliar). OUT5 gets five attacks of different kinds, assembled byte by byte;
none is ever loaded here, and each would at worst run `true`, `pass` or `os.getpid`. `EXPECTED.csv` in each
folder says what is in each file.

Run with torch 2.15.0, pandas 3.1.1, numpy 2.4.6, scikit-learn 1.9.1, joblib 1.6.0, xgboost 3.2.0,
lightgbm 4.7.0 on CPython 3.11.
"""

import argparse
import csv
import os
import pickle
import struct
import zipfile


def honest():
    """(file name, expected verdict, what it is, action that writes it to a path)"""
    import joblib
    import numpy as np
    import pandas as pd
    import torch
    from sklearn import ensemble, linear_model, pipeline, preprocessing

    import nets
    import pandas_
    import sklearn_
    import torch_

    X, Y = sklearn_.X, sklearn_.Y
    frame = pandas_.frame()
    yield "state-dict.pt", "clean", "torch state dict", lambda path: torch.save(torch_.net().state_dict(), path)
    yield (
        "training-checkpoint.ckpt",
        "clean",
        "torch checkpoint with optimizer and scheduler",
        lambda path: torch.save(torch_.checkpoint(), path),
    )
    yield (
        "legacy-state-dict.pth",
        "clean",
        "torch state dict, format before 1.6",
        lambda path: torch.save(torch_.net().state_dict(), path, _use_new_zipfile_serialization=False),
    )
    yield (
        "pytorch_model.bin",
        "clean",
        "torch state dict with half and bfloat16 weights",
        lambda path: torch.save(torch_.every_dtype(), path),
    )
    yield (
        "whole-module.pt",
        "unfamiliar",
        "torch.save(module): names the author's class nets.Net",
        lambda path: torch.save(nets.Net(), path),
    )
    yield (
        "layers.pt",
        "clean",
        "torch.save of a module made of torch's own classes",
        lambda path: torch.save(
            torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.LayerNorm(4)), path
        ),
    )
    yield (
        "optimizer.pt",
        "clean",
        "torch optimizer state",
        lambda path: torch.save(torch_.trained()[1].state_dict(), path),
    )
    yield "scripted.pt", "clean", "TorchScript", lambda path: torch.jit.script(torch.nn.Linear(2, 2)).save(path)
    yield "frame.pkl", "clean", "pandas.DataFrame.to_pickle", frame.to_pickle
    yield "frame.pkl.gz", "clean", "the same, compressed", frame.to_pickle
    yield "multi-index.pkl", "clean", "data frame with a MultiIndex", pandas_.multi_index().to_pickle
    yield (
        "series-dates.pkl.zip",
        "clean",
        "series of dates in a zip",
        pd.Series(pd.date_range("2024", periods=3)).to_pickle,
    )
    yield (
        "random-forest.joblib",
        "clean",
        "joblib, arrays between the opcodes",
        lambda path: joblib.dump(ensemble.RandomForestClassifier(5, random_state=1).fit(X, Y), path),
    )
    yield (
        "logistic-pipeline.joblib.z",
        "clean",
        "joblib, zlib",
        lambda path: joblib.dump(
            pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression()).fit(X, Y),
            path,
            compress=3,
        ),
    )
    yield (
        "text-pipeline.pkl",
        "clean",
        "scikit-learn; its vocabulary has the words eval, exec, import, os",
        lambda path: dump(sklearn_.text_pipeline(), path),
    )
    yield "grid-search.pkl", "clean", "scikit-learn GridSearchCV", lambda path: dump(sklearn_.grid_search(), path)
    yield (
        "objects.npy",
        "clean",
        "numpy object array",
        lambda path: np.save(path, np.array([{"a": 1}, None, "x"], dtype=object)),
    )
    yield (
        "arrays.npz",
        "clean",
        "numpy archive, one member with objects",
        lambda path: np.savez(path, weights=np.eye(3), labels=np.array(["a", None], dtype=object)),
    )
    yield "xgboost.pkl", "clean", "xgboost.XGBClassifier", lambda path: dump(xgboost_model(X, Y), path)
    yield "lightgbm.pkl", "clean", "lightgbm.LGBMClassifier", lambda path: dump(lightgbm_model(X, Y), path)


def dump(value, path):
    with open(path, "wb") as file:
        pickle.dump(value, file)


def xgboost_model(X, Y):
    import xgboost

    return xgboost.XGBClassifier(n_estimators=2, max_depth=2).fit(X, Y)


def lightgbm_model(X, Y):
    import lightgbm

    return lightgbm.LGBMClassifier(n_estimators=2, min_child_samples=1, verbose=-1).fit(X, Y)


# ---------------------------------------------------------------- the attacks, as bytes


def short_text(text):
    data = text.encode()
    return b"\x8c" + bytes([len(data)]) + data


def long_bytes(data):
    return b"B" + struct.pack("<I", len(data)) + data


def stack_global(module, name):
    return short_text(module) + short_text(name) + b"\x93"


def torch_zip_system(path):
    """GLOBAL and REDUCE beside an honest-looking state dict, in a torch checkpoint."""
    attack = b"cposix\nsystem\nX\x04\x00\x00\x00true\x85R"
    data = b"\x80\x02}X\x06\x00\x00\x00weight" + attack + b"s."
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, body in [("data.pkl", data), ("byteorder", b"little"), ("data/0", bytes(16)), ("version", b"3\n")]:
            archive.writestr(zipfile.ZipInfo("archive/" + name), body)


def getattr_chain(path):
    """getattr(importlib.import_module("os"), "getpid")(), named by STACK_GLOBAL only."""
    imported = stack_global("importlib", "import_module") + short_text("os") + b"\x85R"
    found = stack_global("builtins", "getattr") + imported + short_text("getpid") + b"\x86R"
    body = found + b")R."
    write(path, b"\x80\x04\x95" + struct.pack("<Q", len(body)) + body)


def joblib_exec(path):
    """exec("pass") between honest fields of a scikit-learn estimator's state."""
    estimator = stack_global("sklearn.linear_model._base", "LinearRegression") + b")\x81"
    call = stack_global("builtins", "exec") + short_text("pass") + b"\x85R"
    state = b"}(" + short_text("fit_intercept") + b"\x88" + short_text("coef_") + call + b"u"
    write(path, b"\x80\x04" + estimator + state + b"b.")


def inst_protocol_0(path):
    """INST of os.getpid: no PROTO, no REDUCE, text only."""
    write(path, b"(lp0\nI1\na(ios\ngetpid\na.")


def nested_loads(path):
    """pickle.loads of bytes which are themselves the attack, twice nested."""
    inner = b"\x80\x04" + stack_global("os", "system") + short_text("true") + b"\x85R."
    for _ in range(2):
        inner = b"\x80\x04" + stack_global("_pickle", "loads") + long_bytes(inner) + b"\x85R."
    write(path, inner)


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


MALICIOUS = [
    ("torch-zip-system.pt", torch_zip_system, "posix.system('true')"),
    ("getattr-chain.pkl", getattr_chain, "os.getpid()"),
    ("sklearn-exec.joblib", joblib_exec, "builtins.exec('pass')"),
    ("inst-protocol-0.pkl", inst_protocol_0, "os.getpid()"),
    ("nested-loads.pkl", nested_loads, "os.system('true')"),
]


def write_table(out, rows):
    with open(os.path.join(out, "EXPECTED.csv"), "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("file", "verdict", "what")] + rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out20")
    parser.add_argument("out5")
    options = parser.parse_args()
    os.makedirs(options.out20, exist_ok=True)
    os.makedirs(options.out5, exist_ok=True)
    rows = []
    for name, verdict, what, action in honest():
        action(os.path.join(options.out20, name))
        rows.append((name, verdict, what))
    write_table(options.out20, rows)
    for name, action, _ in MALICIOUS:
        action(os.path.join(options.out5, name))
    write_table(options.out5, [(name, "dangerous", what) for name, _, what in MALICIOUS])


if __name__ == "__main__":
    main()
