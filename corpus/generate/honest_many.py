"""Several hundred honest files over every installed library, to measure false positives. Not committed.

    python honest_many.py OUT [--only WORD] [--seconds 60]

Writes OUT/<library>/<name> and OUT/MANIFEST.csv (file, library, version, how). Each value goes out in one
or several ways: pickle at some protocol, joblib, torch.save (zip and legacy), cloudpickle for data. A value
that its library cannot build or pickle is listed in OUT/FAILURES.txt; a library that is not installed is
skipped, so an environment with old versions gives the old names. A factory is used before the next one is
made, so those in loops may use the loop variable.

Run with the versions of PROVENANCE.csv on CPython 3.11, with those of late 2022 on 3.9 and of 2019 on 3.7.
"""

import argparse
import csv
import importlib
import inspect
import os
import pickle
import signal
import sys
import warnings

try:
    from importlib.metadata import version as version_of
except ImportError:  # CPython 3.7
    version_of = lambda name: ""

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from honest_ways import (
    P0,
    P2,
    P3,
    P4,
    P5,
    ROTATION,
    SOURCES,
    by_joblib,
    by_joblib_zlib,
    by_module,
    by_saving,
    by_torch,
    by_torch_legacy,
    rotated,
    source,
)

MAX_BYTES = 4 << 20

# ---------------------------------------------------------------- standard library and tables of the corpus


@source("stdlib")
def stdlib():
    for name, make, of_author in standard_values():
        if not of_author:
            yield name, make, [P0, P2, P3, P5]


@source("author")
def author():
    """Values of the same table that hold classes of an author's own module."""
    for name, make, of_author in standard_values():
        if of_author:
            yield name, make, [P0, P2, P3, P5]


def standard_values():
    import stdlib as table

    for name, make, _ in table.TABLE:
        if name != "huge-memo":
            try:
                of_author = b"shop" in pickle.dumps(make(), 2)
            except Exception:  # younger than this interpreter, or than this protocol
                of_author = False
            yield name, make, of_author


@source("main")
def main_module():
    """Classes of `__main__`, as every script's own pickles have them."""
    yield "state", TrainerState, [P2, P4, by_joblib]
    yield "list", lambda: [TrainerState() for _ in range(3)], [P0, P5]


class TrainerState:
    def __init__(self):
        self.history, self.best, self.callback = [0.5, 0.25], None, len


@source("numpy")
def numpy():
    import numpy as np
    import numpy_ as table

    for name, make, _ in table.TABLE:
        yield name, make, [P2, P4, by_joblib]
    for code in np.typecodes["All"]:
        yield "dtype-" + (code if code.islower() else "upper-" + code) + str(ord(code)), lambda: np.zeros(2, code), [P4]
    for kind in ("PCG64", "MT19937", "Philox", "SFC64"):
        yield "generator-" + kind, lambda: np.random.Generator(getattr(np.random, kind)(1)), [P2]
    yield "memmap-like", lambda: np.lib.stride_tricks.as_strided(np.arange(4.0), (2, 2)), [P4]
    yield "chararray", lambda: np.char.array(["a", "b"]), [P4]


@source("pandas")
def pandas():
    import numpy as np
    import pandas as pd
    import pandas_ as table

    for name, make, _ in table.TABLE:
        yield name, make, [P2, P4, by_joblib]
    dtypes = [
        "int8",
        "uint64",
        "float32",
        "bool",
        "object",
        "string",
        "Int32",
        "Float64",
        "boolean",
        "category",
        "datetime64[ns]",
        "datetime64[ns, UTC]",
        "timedelta64[ns]",
        "period[D]",
        "Sparse[float]",
        "complex128",
        "int64[pyarrow]",
        "string[pyarrow]",
        "float64[pyarrow]",
    ]
    for dtype in dtypes:
        values = ["a", "b"] if "string" in dtype else pd.to_datetime(["2024", "2025"]) if "period" in dtype else [0, 1]
        yield (
            "series-" + "".join(c if c.isalnum() else "-" for c in dtype),
            lambda: pd.Series(values).astype(dtype),
            [P4, P2],
        )
    for name in dir(pd.offsets):
        kind = getattr(pd.offsets, name)
        if inspect.isclass(kind):
            yield "offset-" + name, kind, [P4]
    yield (
        "time-zones",
        lambda: pd.DatetimeIndex(["2024-01-01"]).tz_localize("Europe/Berlin").tz_convert("Asia/Tokyo"),
        [P2, P5],
    )
    yield "group-by", lambda: table.frame().groupby("kind", observed=True), [P4]
    yield "rolling-result", lambda: table.frame()["price"].rolling(2).mean(), [P4]
    yield "styler-free-pivot", lambda: table.frame().pivot_table(index="kind", values="price", observed=True), [P4]
    yield "wide", lambda: pd.DataFrame(np.zeros((2, 50))), [P4, by_joblib_zlib]
    yield "list-of-frames", lambda: {"train": table.frame(), "test": [table.frame()]}, [P2]


@source("scikit-learn")
def sklearn():
    import numpy as np
    try:
        from sklearn.utils import all_estimators
    except ImportError:  # before 0.24
        from sklearn.utils.testing import all_estimators
    import sklearn_ as table

    X, Y = np.abs(np.random.RandomState(1).normal(size=(30, 4))), np.array([0, 1, 2] * 10)
    for number, (name, kind) in enumerate(all_estimators()):
        yield name, lambda: fitted(kind, X, Y), [ROTATION[number % 5], by_joblib if number % 2 else by_joblib_zlib]
    for name, make, _ in table.TABLE:
        yield "table-" + name, make, [P5, by_joblib]
    yield "scorers", scorers, [P4]
    yield "bunch", lambda: __import__("sklearn.datasets").datasets.load_iris(), [P4, by_joblib]
    yield "splits", splits, [P4]
    yield "kernels", kernels, [P4]


def fitted(kind, X, Y):
    """The estimator fitted if that works on such data, else as constructed."""
    estimator = constructed(kind)
    for name, few in [("n_estimators", 3), ("max_iter", 5)]:
        if name in estimator.get_params():
            try:
                estimator.set_params(**{name: few})
            except Exception:
                pass
    texts = ["a b", "b c", "c d"] * 10
    for arguments in ((X, Y), (X, np_two_columns(X)), (X,), (texts,), ([{"a": 1}] * 3,), (X[:, 0], Y)):
        try:
            return estimator.fit(*arguments)
        except Exception:
            continue
    return constructed(kind)


def np_two_columns(X):
    return X[:, :2]


def constructed(kind):
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.preprocessing import StandardScaler

    inner = Ridge() if "Regress" in kind.__name__ else LogisticRegression()
    for options in (
        {},
        {"estimator": inner},
        {"base_estimator": inner},
        {"estimators": [("a", inner)]},
        {"transformers": [("s", StandardScaler(), [0])]},
        {"transformer_list": [("s", StandardScaler())]},
        {"steps": [("s", StandardScaler())]},
        {"estimator": inner, "param_grid": {"alpha": [1]}},
        {"estimator": inner, "param_distributions": {"C": [1, 2]}},
    ):
        try:
            return kind(**options)
        except Exception:
            continue
    raise ValueError("no constructor arguments known")


def scorers():
    from sklearn import metrics

    return [metrics.make_scorer(metrics.f1_score, average="macro"), metrics.get_scorer("accuracy")]


def splits():
    from sklearn import model_selection

    return [model_selection.KFold(3), model_selection.StratifiedShuffleSplit(2), model_selection.TimeSeriesSplit()]


def kernels():
    from sklearn.gaussian_process import kernels as k

    return k.RBF() + k.WhiteKernel() * k.ConstantKernel(2) + k.Matern()


@source("scipy")
def scipy():
    import numpy as np
    import scipy.sparse
    import scipy.stats
    from scipy.stats._distr_params import distcont, distdiscrete

    pairs = [(d[0] if isinstance(d[0], str) else "custom", d) for d in list(distcont)[::3] + list(distdiscrete)[::3]]
    for number, (name, row) in enumerate(pairs):
        yield "frozen-" + name, lambda: getattr(scipy.stats, row[0])(*row[1]), [ROTATION[number % 5]]
    for kind in ("csr", "csc", "coo", "lil", "dok", "dia", "bsr"):
        for family in ("matrix", "array"):
            made = getattr(scipy.sparse, "%s_%s" % (kind, family), None)
            if made:
                yield "sparse-%s-%s" % (kind, family), lambda: made(np.eye(3)), [P2, P4, by_joblib]
    import scipy.interpolate
    import scipy.optimize
    import scipy.spatial

    yield (
        "splines",
        lambda: [
            scipy.interpolate.CubicSpline([0, 1, 2], [1, 0, 1]),
            scipy.interpolate.UnivariateSpline(range(6), range(6)),
            scipy.interpolate.RegularGridInterpolator(([0, 1], [0, 1]), np.eye(2)),
            scipy.interpolate.Akima1DInterpolator(range(5), range(5)),
        ],
        [P4],
    )
    yield "optimum", lambda: scipy.optimize.minimize(np.linalg.norm, [1.0]), [P4]
    yield "hull", lambda: scipy.spatial.KDTree(np.eye(3)), [P4]
    yield "rotation", lambda: scipy.spatial.transform.Rotation.from_euler("x", 1), [P4]
    yield "kde", lambda: scipy.stats.gaussian_kde([1.0, 2, 4]), [P4]
    yield "frozen-multivariate", lambda: scipy.stats.multivariate_normal([0, 0]), [P4]
    yield (
        "test-results",
        lambda: [
            scipy.stats.ttest_ind([1, 2, 3], [2, 3, 5]),
            scipy.stats.linregress([1, 2, 3], [1, 2, 4]),
            scipy.stats.describe([1, 2]),
        ],
        [P2, P4],
    )


# ---------------------------------------------------------------- torch


@source("torch")
def torch():
    import torch
    from torch import nn
    import torch_ as table

    for name, make in table.SAVED:
        yield "table-" + name[:-3], make, [by_torch, by_torch_legacy, P4]
    number = 0
    for name in sorted(dir(nn)):
        kind = getattr(nn, name)
        if inspect.isclass(kind) and issubclass(kind, nn.Module) and name not in ("Module", "Transformer"):
            number += 1
            yield "module-" + name, lambda: module(kind), [by_torch if number % 3 else by_torch_legacy]
    for name in sorted(dir(torch.optim)):
        kind = getattr(torch.optim, name)
        if inspect.isclass(kind) and issubclass(kind, torch.optim.Optimizer) and name != "Optimizer":
            yield "optimizer-" + name, lambda: stepped(kind), [by_torch]
            yield "optimizer-state-" + name, lambda: stepped(kind).state_dict(), [by_torch]
    for name in sorted(dir(torch.optim.lr_scheduler)):
        kind = getattr(torch.optim.lr_scheduler, name)
        if inspect.isclass(kind) and hasattr(kind, "get_lr") or name == "ReduceLROnPlateau":
            yield "scheduler-" + name, lambda: scheduler(kind), [by_torch]
            yield "scheduler-state-" + name, lambda: scheduler(kind).state_dict(), [by_torch]
    for name in torch.distributions.__all__:
        kind = getattr(torch.distributions, name)
        if inspect.isclass(kind):
            yield "distribution-" + name, lambda: distribution(kind), [by_torch]
    yield "module-Transformer", lambda: nn.Transformer(4, 2, 1, 1, 4), [by_torch]
    yield (
        "functions",
        lambda: [
            torch.add,
            torch.relu,
            torch.nn.functional.gelu,
            torch.Tensor.add,
            torch.nn.init.xavier_uniform_,
            torch.float16,
        ],
        [P2, P4, by_torch],
    )
    data = torch.utils.data
    yield (
        "datasets",
        lambda: [
            data.TensorDataset(torch.ones(2)),
            data.Subset(data.TensorDataset(torch.ones(2)), [0]),
            data.DataLoader(data.TensorDataset(torch.ones(2))),
        ],
        [by_torch],
    )
    yield "gradient-scaler", lambda: torch.amp.GradScaler("cpu").state_dict(), [by_torch]
    yield "averaged", lambda: torch.optim.swa_utils.AveragedModel(nn.Linear(2, 2)), [by_torch]
    yield "spectral-norm", lambda: nn.utils.spectral_norm(nn.Linear(2, 2)), [by_torch]
    yield "weight-norm-old", lambda: nn.utils.weight_norm(nn.Linear(2, 2)), [by_torch]
    yield "pruned", pruned, [by_torch]
    yield "hooks", hooked, [by_torch]
    yield (
        "quantised-module",
        lambda: torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(2, 2)), {nn.Linear}),
        [by_torch],
    )
    yield "fx-graph", lambda: torch.fx.symbolic_trace(nn.Sequential(nn.Linear(2, 2), nn.ReLU())), [by_torch]
    yield (
        "many-types",
        lambda: {
            "args": argparse.Namespace(lr=0.1),
            "when": __import__("datetime").datetime(2020, 1, 1),
            "path": __import__("pathlib").PurePosixPath("a"),
        },
        [by_torch, by_torch_legacy],
    )


def pruned():
    import torch.nn.utils.prune

    layer = torch.nn.Linear(3, 3)
    torch.nn.utils.prune.l1_unstructured(layer, "weight", 0.5)
    return layer


def hook(module, arguments, output):
    return None


def hooked():
    import torch

    layer = torch.nn.Linear(2, 2)
    layer.register_forward_hook(hook)
    return layer


def module(kind):
    import torch

    layer = torch.nn.Linear(4, 4)
    for arguments in (
        (),
        (4,),
        (4, 4),
        (2, 4, 2),
        (4, 4, 2),
        (4, 2, 2),
        ([layer],),
        ({"a": layer},),
        (
            4,
            [2],
        ),
        (4, 4, 4, 2),
        (2, 2, [2, 2, 2]),
        (torch.nn.TransformerEncoderLayer(4, 2), 1),
        (torch.nn.TransformerDecoderLayer(4, 2), 1),
        (6, 12, [2, 4]),
        (1, (2, 2)),
        (layer,),
        ("LSTM", 2, 2),
    ):
        try:
            return kind(*arguments)
        except Exception:
            continue
    raise ValueError("no constructor arguments known")


def stepped(kind):
    import torch

    layer = torch.nn.Linear(2, 1, bias=False)
    parameters = [layer.weight]
    try:
        optimizer = kind(parameters)
    except TypeError:
        optimizer = kind(parameters, lr=0.1)
    try:
        layer(torch.ones(1, 2)).sum().backward()
        optimizer.step()
    except Exception:
        pass
    return optimizer


def scheduler(kind):
    import torch

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1, momentum=0.9)
    plain = torch.optim.lr_scheduler.StepLR(optimizer, 3)
    for arguments in (
        (),
        (2,),
        ([1, 2],),
        (0.9,),
        (len,),
        (abs,),
        (0.1, 0.2),
        (0.1, 10),
        ([plain, plain], [2]),
        ([plain],),
    ):
        try:
            return kind(optimizer, *arguments)
        except Exception:
            continue
    return kind([plain])


def distribution(kind):
    import torch

    one, two = torch.ones(2), torch.ones(2) * 2
    base = torch.distributions.Normal(one, one)
    for arguments in (
        (),
        (one,),
        (one, two),
        (base, 1),
        (2, one),
        (one, torch.eye(2)),
        (one, one, two),
        (2,),
        (torch.distributions.Categorical(one), base),
    ):
        try:
            return kind(*arguments)
        except Exception:
            continue
    raise ValueError("no constructor arguments known")


@source("torchvision")
def torchvision():
    import torch
    import torchvision
    from torchvision import transforms as t

    for name in ("transforms.v2", "tv_tensors"):
        try:
            importlib.import_module("torchvision." + name)
        except ImportError:  # before 0.15
            pass
    yield (
        "transforms",
        lambda: t.Compose(
            [t.Resize(4), t.ToTensor(), t.Normalize([0.5], [0.5]), t.RandomHorizontalFlip(), t.ColorJitter(0.1)]
        ),
        [by_torch, P4],
    )
    yield (
        "transforms-v2",
        lambda: t.v2.Compose([t.v2.ToImage(), t.v2.RandomCrop(4), t.v2.ToDtype(torch.float32)]),
        [by_torch, P4],
    )
    yield "squeezenet", lambda: torchvision.models.SqueezeNet(num_classes=2).half(), [by_torch]
    yield "resnet-block", lambda: torchvision.models.resnet.BasicBlock(4, 4), [by_torch, by_torch_legacy]
    yield "shufflenet", lambda: torchvision.models.ShuffleNetV2([1, 1, 1], [8, 8, 8, 8, 8]), [by_torch]
    yield "vision-transformer", lambda: torchvision.models.VisionTransformer(8, 4, 1, 2, 4, 8), [by_torch]
    yield "mnasnet", lambda: torchvision.models.MNASNet(0.25).half(), [by_torch]
    yield "weights-enum", lambda: torchvision.models.ResNet18_Weights.DEFAULT.name, [P4]
    yield "tv-tensors", lambda: torchvision.tv_tensors.Image(torch.zeros(3, 2, 2)), [by_torch]


@source("transformers")
def transformers():
    import torch
    import transformers

    arguments = dict(report_to=[], use_cpu=True)
    yield "training_args", lambda: transformers.TrainingArguments("out", **arguments), [by_torch, P4]
    yield "seq2seq_args", lambda: transformers.Seq2SeqTrainingArguments("out", **arguments), [by_torch]
    yield "generation-config", transformers.GenerationConfig, [by_torch, P4]
    names = [
        "Bert",
        "GPT2",
        "T5",
        "Roberta",
        "DistilBert",
        "Llama",
        "ViT",
        "Bart",
        "Albert",
        "Whisper",
        "CLIP",
        "Mistral",
        "Gemma",
        "Qwen2",
        "Electra",
        "Deberta",
        "XLNet",
        "Wav2Vec2",
        "Swin",
        "Pegasus",
        "OPT",
        "Bloom",
        "Falcon",
        "Phi",
        "Mamba",
        "Longformer",
        "Segformer",
        "Detr",
    ]
    for name in names:
        kind = getattr(transformers, name + "Config", None)
        if kind:
            yield "config-" + name, kind, [P4]
    small = dict(
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        vocab_size=16,
        max_position_embeddings=8,
    )
    yield "bert", lambda: transformers.BertModel(transformers.BertConfig(**small)), [by_torch]
    yield (
        "bert-classifier",
        lambda: transformers.BertForSequenceClassification(transformers.BertConfig(**small)),
        [by_torch, by_torch_legacy],
    )
    yield "bert-state", lambda: transformers.BertModel(transformers.BertConfig(**small)).state_dict(), [by_torch]
    yield (
        "gpt2",
        lambda: transformers.GPT2LMHeadModel(
            transformers.GPT2Config(n_embd=8, n_layer=1, n_head=2, vocab_size=16, n_positions=8)
        ),
        [by_torch],
    )
    yield (
        "t5",
        lambda: transformers.T5Model(
            transformers.T5Config(d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2, vocab_size=16)
        ),
        [by_torch],
    )
    yield "llama", lambda: transformers.LlamaModel(transformers.LlamaConfig(num_key_value_heads=2, **small)), [by_torch]
    yield (
        "vit",
        lambda: transformers.ViTModel(
            transformers.ViTConfig(
                hidden_size=8,
                num_hidden_layers=1,
                num_attention_heads=2,
                intermediate_size=8,
                image_size=8,
                patch_size=4,
            )
        ),
        [by_torch],
    )
    yield "fast-tokenizer", fast_tokenizer, [P4]
    yield "trainer-state", transformers.TrainerState, [P4]
    yield (
        "output",
        lambda: transformers.modeling_outputs.BaseModelOutput(last_hidden_state=torch.ones(1, 2, 2)),
        [by_torch, P4],
    )
    yield "batch-encoding", lambda: transformers.BatchEncoding({"input_ids": [[1, 2]]}), [P4]
    yield "schedule", lambda: transformers.get_linear_schedule_with_warmup(stepped(torch.optim.AdamW), 1, 5), [by_torch]


def fast_tokenizer():
    import tokenizers
    import transformers

    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0, "eval": 1, "[UNK]": 2}, unk_token="[UNK]"))
    return transformers.PreTrainedTokenizerFast(tokenizer_object=inner)


# ---------------------------------------------------------------- gradient boosting, statistics


@source("xgboost")
def xgboost():
    import numpy as np
    import xgboost

    X, Y = np.random.RandomState(1).rand(20, 3), np.array([0, 1] * 10)
    for name in ("XGBClassifier", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor"):
        yield name, lambda: getattr(xgboost, name)(n_estimators=2, max_depth=2).fit(X, Y), [P2, P4, by_joblib]
    yield "ranker", lambda: xgboost.XGBRanker(n_estimators=2).fit(X, Y, group=[20]), [P4]
    yield "booster", lambda: xgboost.train({"max_depth": 2}, xgboost.DMatrix(X, Y), 2), [P2, P4]
    yield "linear", lambda: xgboost.XGBRegressor(booster="gblinear", n_estimators=2).fit(X, Y), [P4]


@source("lightgbm")
def lightgbm():
    import lightgbm
    import numpy as np

    X, Y = np.random.RandomState(1).rand(40, 3), np.array([0, 1] * 20)
    for name in ("LGBMClassifier", "LGBMRegressor"):
        yield name, lambda: getattr(lightgbm, name)(n_estimators=2, verbose=-1).fit(X, Y), [P2, P4, by_joblib]
    yield "booster", lambda: lightgbm.train({"verbose": -1}, lightgbm.Dataset(X, Y), 2), [P4]
    yield "ranker", lambda: lightgbm.LGBMRanker(n_estimators=2, verbose=-1).fit(X, Y, group=[40]), [P4]


@source("catboost")
def catboost():
    import catboost
    import numpy as np

    X, Y = np.random.RandomState(1).rand(20, 3), np.array([0, 1] * 10)
    for name in ("CatBoostClassifier", "CatBoostRegressor"):
        yield (
            name,
            lambda: getattr(catboost, name)(iterations=2, verbose=0, allow_writing_files=False).fit(X, Y),
            [P2, P4, by_joblib],
        )


@source("statsmodels")
def statsmodels():
    import numpy as np
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    r = np.random.RandomState(1)
    X, Y, B = sm.add_constant(r.rand(30, 2)), r.rand(30), np.array([0, 1] * 15)
    yield "ols", lambda: sm.OLS(Y, X).fit(), [P2, P4, by_joblib]
    yield "ols-slim", lambda: slim(sm.OLS(Y, X).fit()), [P4]
    yield "logit", lambda: sm.Logit(B, X).fit(disp=0), [P4]
    for family in ("Gaussian", "Binomial", "Poisson", "Gamma"):
        yield (
            "glm-" + family,
            lambda: sm.GLM(
                B if family in ("Binomial", "Poisson") else Y + 1, X, family=getattr(sm.families, family)()
            ).fit(),
            [P4],
        )
    yield "rlm", lambda: sm.RLM(Y, X).fit(), [P4]
    yield "quantile", lambda: sm.QuantReg(Y, X).fit(), [P4]
    yield "arima", lambda: sm.tsa.ARIMA(Y, order=(1, 0, 0)).fit(), [P4]
    yield "sarimax", lambda: sm.tsa.SARIMAX(Y, order=(1, 0, 0)).fit(disp=0, maxiter=2), [P4]
    yield "exponential", lambda: sm.tsa.ExponentialSmoothing(Y).fit(), [P4]
    yield "var", lambda: sm.tsa.VAR(r.rand(30, 2)).fit(1), [P4]
    yield "formula", lambda: smf.ols("y ~ x", {"y": Y, "x": X[:, 1]}).fit(), [P4]


def slim(result):
    result.remove_data()
    return result


# ---------------------------------------------------------------- text, graphs, plots


@source("gensim")
def gensim():
    import gensim

    texts = [["shop", "apple"], ["shop", "pear", "eval"]] * 3
    words = gensim.corpora.Dictionary(texts)
    bags = [words.doc2bow(text) for text in texts]
    m = gensim.models
    yield "dictionary", lambda: words, [P2, P4]
    yield "word2vec", lambda: m.Word2Vec(texts, vector_size=4, min_count=1, epochs=1), [P4]
    yield "fast-text", lambda: m.FastText(texts, vector_size=4, min_count=1, epochs=1, bucket=10), [P4]
    yield (
        "doc2vec",
        lambda: m.Doc2Vec(
            [m.doc2vec.TaggedDocument(t, [i]) for i, t in enumerate(texts)], vector_size=4, min_count=1, epochs=1
        ),
        [P4],
    )
    yield "tfidf", lambda: m.TfidfModel(bags), [P4]
    yield "lda", lambda: m.LdaModel(bags, num_topics=2, id2word=words), [P4]
    yield "lsi", lambda: m.LsiModel(bags, num_topics=2, id2word=words), [P4]
    yield "hdp", lambda: m.HdpModel(bags, words, T=3, K=2), [P4]
    yield "phrases", lambda: m.Phrases(texts, min_count=1), [P4]
    yield "keyed-vectors", lambda: m.Word2Vec(texts, vector_size=4, min_count=1, epochs=1).wv, [P2]
    yield "similarity", lambda: gensim.similarities.MatrixSimilarity(bags, num_features=4), [P4]


@source("nltk")
def nltk():
    import nltk

    tagged = [[("shop", "NN"), ("buys", "VB")], [("a", "DT"), ("pear", "NN")]]
    features = [({"last": "a"}, "f"), ({"last": "b"}, "m")]
    yield "unigram-tagger", lambda: nltk.UnigramTagger(tagged, backoff=nltk.DefaultTagger("NN")), [P2, P4]
    yield "bigram-tagger", lambda: nltk.BigramTagger(tagged), [P4]
    yield "regexp-tagger", lambda: nltk.RegexpTagger([(r".*ing$", "VBG")]), [P4]
    yield "naive-bayes", lambda: nltk.NaiveBayesClassifier.train(features), [P2, P4]
    yield "maxent", lambda: nltk.MaxentClassifier.train(features, trace=0, max_iter=2), [P4]
    yield "decision-tree", lambda: nltk.DecisionTreeClassifier.train(features), [P4]
    yield "frequencies", lambda: [nltk.FreqDist("abca"), nltk.ConditionalFreqDist([("a", 1)])], [P2]
    yield "tree", lambda: nltk.Tree.fromstring("(S (NP shop) (VP buys))"), [P4]
    yield "grammar", lambda: nltk.CFG.fromstring("S -> 'a' S | 'b'"), [P4]
    yield (
        "stemmers",
        lambda: [
            nltk.PorterStemmer(),
            nltk.SnowballStemmer("english"),
            nltk.RegexpTokenizer(r"\w+"),
            nltk.TreebankWordTokenizer(),
        ],
        [P4],
    )
    yield "punkt", lambda: nltk.tokenize.punkt.PunktTrainer("One. Two. Mr. Three.").get_params(), [P2, P4]
    yield "language-model", language_model, [P4]


def language_model():
    from nltk.lm import MLE
    from nltk.lm.preprocessing import padded_everygram_pipeline

    train, words = padded_everygram_pipeline(2, [["a", "b"]])
    model = MLE(2)
    model.fit(train, words)
    return model


@source("spacy")
def spacy():
    import spacy

    english = spacy.blank("en")
    yield "blank", lambda: english, [P4]
    yield "doc", lambda: english("The shop buys eval and os.system."), [P4]
    yield "vocabulary", lambda: spacy.vocab.Vocab(strings=["a"]), [P4]
    yield "docs", lambda: [english("a b"), english("c")], [P2]


@source("networkx")
def networkx():
    import networkx as nx

    for name in ("Graph", "DiGraph", "MultiGraph", "MultiDiGraph"):
        yield name, lambda: getattr(nx, name)([(0, 1), (1, 2)]), [P0, P2, P4, by_joblib]
    yield "weighted", lambda: nx.karate_club_graph(), [P4]
    yield "views", lambda: [nx.path_graph(3).subgraph([0, 1]), nx.path_graph(3).nodes, nx.path_graph(3).edges], [P4]


@source("matplotlib")
def matplotlib():
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt
    import numpy as np

    def figure(draw, **options):
        figure, axes = plt.subplots(**options)
        draw(axes)
        return figure

    plots = {
        "line": lambda a: a.plot([1, 2]),
        "scatter": lambda a: a.scatter([1, 2], [2, 1], c=[1, 2]),
        "bar": lambda a: a.bar(["a", "b"], [1, 2]),
        "image": lambda a: a.imshow(np.eye(3)),
        "hist": lambda a: a.hist([1, 2, 2]),
        "log": lambda a: a.loglog([1, 10]),
        "pie": lambda a: a.pie([1, 2]),
        "text": lambda a: (a.set_title("t"), a.annotate("x", (0, 0)), a.legend(["a"])),
        "contour": lambda a: a.contour(np.eye(3)),
        "box": lambda a: a.boxplot([1, 2, 5]),
        "fill": lambda a: a.fill_between([0, 1], [1, 2]),
        "dates": lambda a: a.plot(np.array(["2020-01-01", "2020-02-01"], "M8[D]"), [1, 2]),
        "twin": lambda a: a.twinx().plot([2, 1]),
        "error-bar": lambda a: a.errorbar([1, 2], [1, 2], yerr=0.1),
    }
    for name, draw in plots.items():
        yield "figure-" + name, lambda: figure(draw), [P4, P2]
    yield "figure-polar", lambda: figure(lambda a: a.plot([1, 2]), subplot_kw={"projection": "polar"}), [P4]
    yield "figure-3d", lambda: figure(lambda a: a.plot([1, 2], [1, 2], [1, 2]), subplot_kw={"projection": "3d"}), [P4]
    yield (
        "colormaps",
        lambda: [plt.get_cmap("viridis"), matplotlib.colors.LogNorm(1, 10), matplotlib.colors.ListedColormap(["r"])],
        [P4],
    )


@source("plotly")
def plotly():
    import plotly.graph_objects as go

    yield "figure", lambda: go.Figure(go.Bar(x=["a"], y=[1])), [P4]
    yield "scatter", lambda: go.Figure([go.Scatter(x=[1], y=[2])], {"title": "t"}), [P2]


# ---------------------------------------------------------------- smaller libraries, a few values each


@source("sympy")
def sympy():
    import sympy as s

    x, y = s.symbols("x y", positive=True)
    values = {
        "polynomial": lambda: x**2 + 3 * y,
        "trigonometry": lambda: s.sin(x) * s.exp(y),
        "integral": lambda: s.Integral(x, x),
        "matrix": lambda: s.Matrix([[x, 1], [y, 2]]),
        "set": lambda: s.Interval(0, 1) | s.FiniteSet(3),
        "numbers": lambda: [s.Rational(1, 3), s.pi, s.I, s.oo, s.Float(1.5)],
        "piecewise": lambda: s.Piecewise((x, x > 1), (y, True)),
        "equation": lambda: s.Eq(x, y),
        "poly": lambda: s.Poly(x**2 + 1, x),
        "function": lambda: s.Function("f")(x),
        "logic": lambda: s.And(x > 1, y < 2),
        "series": lambda: s.Sum(x, (x, 1, 5)),
    }
    for name, make in values.items():
        yield name, make, [P2, P4]  # sympy refuses protocols 0 and 1


@source("shapely")
def shapely():
    import shapely.prepared
    from shapely import geometry as g

    values = {
        "point": lambda: g.Point(1, 2),
        "line": lambda: g.LineString([(0, 0), (1, 1)]),
        "polygon": lambda: g.box(0, 0, 1, 1),
        "multi": lambda: g.MultiPoint([(0, 0), (1, 1)]),
        "collection": lambda: g.GeometryCollection([g.Point(0, 0)]),
        "prepared": lambda: shapely.prepared.prep(g.Point(1, 1)),
        "tree": lambda: shapely.STRtree([g.Point(0, 0)]),
    }
    return rotated(values.items())


@source("polars")
def polars():
    import polars as pl

    values = {
        "frame": lambda: pl.DataFrame({"a": [1], "b": ["x"]}),
        "series": lambda: pl.Series("s", [1.5, None]),
        "lazy": lambda: pl.DataFrame({"a": [1]}).lazy(),
        "expression": lambda: pl.col("a") + 1,
        "dtypes": lambda: [pl.Int64(), pl.List(pl.String), pl.Datetime("us", "UTC")],
        "nested": lambda: pl.DataFrame({"l": [[1, 2]], "s": [{"a": 1}]}),
    }
    return rotated(values.items())


@source("pyarrow")
def pyarrow():
    import pyarrow as pa

    values = {
        "table": lambda: pa.table({"a": [1]}),
        "array": lambda: pa.array([1, None]),
        "chunked": lambda: pa.chunked_array([[1], [2]]),
        "schema": lambda: pa.schema([("a", pa.int64())]),
        "dictionary": lambda: pa.array(["a", "a"]).dictionary_encode(),
        "batch": lambda: pa.record_batch({"a": [1]}),
        "types": lambda: [pa.list_(pa.int8()), pa.decimal128(5, 2), pa.timestamp("ns", "UTC")],
        "scalar": lambda: pa.scalar(5),
        "buffer": lambda: pa.py_buffer(b"abc"),
    }
    for name, make, ways in rotated(values.items()):
        yield name, make, [P5] + [way for way in ways if way is not P5]


@source("pillow")
def pillow():
    from PIL import Image, ImageFont

    for mode in ("1", "L", "P", "RGB", "RGBA", "CMYK", "F", "I"):
        yield "image-" + mode, lambda: Image.new(mode, (2, 2)), [P4]
    yield "font", ImageFont.load_default, [P4]


@source("omegaconf")
def omegaconf():
    from omegaconf import OmegaConf

    values = {
        "dict": lambda: OmegaConf.create({"a": {"b": [1, "${a.c}"], "c": 5}}),
        "list": lambda: OmegaConf.create([1, {"x": None}]),
        "yaml": lambda: OmegaConf.create("lr: 0.1\nlayers: [1, 2]"),
        "missing": lambda: OmegaConf.create({"path": "???"}),
    }
    return rotated(values.items(), [by_torch])


@source("gymnasium")
def gymnasium():
    import gymnasium as gym

    s = gym.spaces
    values = {
        "box": lambda: s.Box(0, 1, (2,)),
        "discrete": lambda: s.Discrete(3),
        "dict": lambda: s.Dict(a=s.Discrete(2), b=s.Box(0, 1, (1,))),
        "tuple": lambda: s.Tuple([s.Discrete(2)]),
        "multi": lambda: [s.MultiBinary(3), s.MultiDiscrete([2, 3])],
        "environment": lambda: gym.make("CartPole-v1"),
        "text": lambda: s.Text(5),
        "spec": lambda: gym.spec("CartPole-v1"),
    }
    return rotated(values.items())


@source("stable-baselines3")
def stable_baselines3():
    import stable_baselines3 as sb

    for name, env in [
        ("PPO", "CartPole-v1"),
        ("A2C", "CartPole-v1"),
        ("DQN", "CartPole-v1"),
        ("SAC", "Pendulum-v1"),
        ("TD3", "Pendulum-v1"),
        ("DDPG", "Pendulum-v1"),
    ]:
        options = {} if name in ("PPO", "A2C") else {"buffer_size": 10}
        yield (
            name,
            lambda: getattr(sb, name)("MlpPolicy", env, policy_kwargs={"net_arch": [2]}, device="cpu", **options),
            [by_saving(".zip")],
        )
    yield (
        "policy",
        lambda: sb.A2C("MlpPolicy", "CartPole-v1", policy_kwargs={"net_arch": [2]}, device="cpu").policy,
        [by_torch],
    )
    yield "replay-buffer", lambda: sb.DQN("MlpPolicy", "CartPole-v1", buffer_size=10, device="cpu").replay_buffer, [P4]


@source("dates")
def dates():
    from dateutil import relativedelta, rrule, tz

    values = {
        "relative": lambda: relativedelta.relativedelta(months=1),
        "zones": lambda: [tz.tzutc(), tz.gettz("Europe/Berlin"), tz.tzoffset("X", 3600), tz.tzlocal()],
        "rule": lambda: rrule.rrule(rrule.DAILY, count=3, dtstart=__import__("datetime").datetime(2020, 1, 1)),
    }
    return rotated(values.items(), [P2])


@source("web")
def web():
    import httpx
    import requests

    response = requests.models.Response()
    response._content, response.status_code, response.url = b"text", 200, "https://example.org"
    values = {
        "response": lambda: response,
        "session": requests.Session,
        "request": lambda: requests.Request("GET", "https://example.org", headers={"a": "b"}),
        "prepared": lambda: requests.Request("GET", "https://example.org").prepare(),
        "cookies": lambda: requests.cookies.cookiejar_from_dict({"a": "b"}),
        "auth": lambda: requests.auth.HTTPBasicAuth("a", "b"),
        "error": lambda: requests.HTTPError("404", response=response),
        "httpx": lambda: [
            httpx.URL("https://example.org"),
            httpx.Headers({"a": "b"}),
            httpx.Request("GET", "https://example.org"),
        ],
    }
    return rotated(values.items())


@source("pydantic")
def pydantic():
    import pydantic

    yield "model", lambda: Settings(rate=0.1), [P2, P4]
    yield "types", lambda: [pydantic.SecretStr("s"), pydantic.ByteSize(5)], [P4]


try:
    import pydantic as _pydantic

    class Settings(_pydantic.BaseModel):
        rate: float = 0.5
        names: list = []
except ImportError:
    pass


@source("smaller")
def smaller():
    makers = {
        "packaging": "[Version('1.2'), SpecifierSet('>=1'), Requirement('a>1; python_version>\"3\"')]|from packaging.version import Version; from packaging.specifiers import SpecifierSet; from packaging.requirements import Requirement",
        "regex": "regex.compile(r'\\p{L}+')|import regex",
        "rich": "[Text('a', 'bold'), Table('x')]|from rich.text import Text; from rich.table import Table",
        "fsspec": "[fsspec.filesystem('memory'), fsspec.filesystem('file')]|import fsspec",
        "yaml": "yaml.safe_load('{a: [1, 2]}')|import yaml",
        "mpmath": "[mpmath.mpf(1.5), mpmath.mpc(1, 2)]|import mpmath",
        "formulaic": "formulaic.Formula('y ~ x')|import formulaic",
        "jinja": "[jinja2.Undefined, Markup('a')]|import jinja2; from markupsafe import Markup",
        "thinc": "thinc.api.Config({'a': {'b': 1}})|import thinc.api",
        "tokenizers": "tokenizers.Tokenizer(tokenizers.models.BPE())|import tokenizers",
        "accelerate": "[accelerate.DistributedType.NO, accelerate.utils.PrecisionType]|import accelerate, accelerate.utils",
        "srsly": "srsly.json_loads('[1]')|import srsly",
        "attrs-like": "SimpleNamespace(a=1)|from types import SimpleNamespace",
        "pyyaml-error": "yaml.YAMLError('bad')|import yaml",
        "joblib-delayed": "joblib.delayed(len)([1])|import joblib",
        "joblib-memory": "joblib.Memory(None)|import joblib",
        "pygments": "pygments.token.Token.Name|import pygments.token",
        "smart-open": "[]|import smart_open",
        "huggingface": "huggingface_hub.ModelCard('---\\nlicense: mit\\n---\\nx')|import huggingface_hub",
    }
    for name, text in makers.items():
        expression, imports = text.split("|")
        yield name, lambda: from_text(expression, imports), [P2, P4]


def from_text(expression, imports):
    scope = {}
    exec(imports, scope)  # our own table above
    return eval(expression, scope)


@source("dill")
def dill():
    import dill

    for name, make in [
        ("instance", TrainerState),
        ("data", lambda: {"a": [1, (2,)]}),
        ("partial", lambda: __import__("functools").partial(int, base=2)),
    ]:
        yield name, make, [by_module(dill, "dill")]


@source("cloudpickle")
def cloudpickle():
    import cloudpickle

    for name, make in [
        ("data", lambda: {"a": [1, (2,)]}),
        ("by-reference", lambda: [len, os.path.join]),
        ("namedtuple", lambda: __import__("stdlib").shop.Point(1, 2)),
    ]:
        yield name, make, [by_module(cloudpickle, "cloudpickle")]


# ---------------------------------------------------------------- the run


class TooSlow(Exception):
    pass


def too_slow(*_):
    raise TooSlow("took too long")


class Run:
    def __init__(self, options):
        self.options, self.rows, self.failures = options, [], []

    def library(self, library, function):
        folder = os.path.join(self.options.out, library)
        os.makedirs(folder, exist_ok=True)
        try:
            for name, make, ways in function():
                self.value(library, folder, name, make, ways)
        except Exception as error:  # not installed, or an old version without what is asked for
            self.failures.append("%s: %s: %s" % (library, type(error).__name__, error))
        print("%-18s %d files" % (library, sum(row[1] == library for row in self.rows)), flush=True)

    def value(self, library, folder, name, make, ways):
        for way in ways:
            signal.alarm(self.options.seconds)
            try:
                written = way(make(), os.path.join(folder, name))
                signal.alarm(0)
                for path in files_of(written):
                    self.written(library, path)
            except Exception as error:
                signal.alarm(0)
                self.failures.append("%s/%s: %s: %s" % (library, name, type(error).__name__, str(error)[:150]))

    def written(self, library, path):
        if os.path.getsize(path) > MAX_BYTES:
            os.remove(path)
            raise ValueError("larger than %d bytes" % MAX_BYTES)
        self.rows.append((os.path.relpath(path, self.options.out), library, installed(library), os.path.getsize(path)))

    def save(self):
        self.remove_unlisted()
        with open(os.path.join(self.options.out, "MANIFEST.csv"), "w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(
                [("file", "library", "version", "bytes")] + sorted(self.rows)
            )
        with open(os.path.join(self.options.out, "FAILURES.txt"), "w") as file:
            file.write("\n".join(self.failures) + "\n")

    def remove_unlisted(self):
        """Half-written files of values that could not be pickled."""
        listed = {row[0] for row in self.rows}
        for library in {row[1] for row in self.rows}:
            for path in files_of(os.path.join(self.options.out, library)):
                if os.path.relpath(path, self.options.out) not in listed:
                    os.remove(path)


def files_of(path):
    """The file, or all that are below a folder."""
    if not os.path.isdir(path):
        return [path]
    return sorted(os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names)


def installed(library):
    try:
        return version_of(library)
    except Exception:
        return sys.version.split()[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out")
    parser.add_argument("--only", help="libraries whose name contains this word")
    parser.add_argument("--seconds", type=int, default=60, help="for one value")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, too_slow)
    for further in ("honest_more", "honest_further", "honest_torch"):
        importlib.import_module(further)  # registers its own
    run = Run(options)
    for library, function in SOURCES:
        if not options.only or options.only in library:
            run.library(library, function)
    run.save()
    print("%d files, %d failures" % (len(run.rows), len(run.failures)))


if __name__ == "__main__":
    main()
