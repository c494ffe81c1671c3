"""Further libraries for `honest_many.py`: for each what to import, and values that its users keep.

Each block of TABLE is a library: lines before the dashes are run, each line behind them is `name: expression`.
A value that this version of the library cannot build or pickle is listed among the failures.
"""

import ast
import pickle

from honest_ways import P2, P4, by_joblib, rotated, source

TABLE = {
    "astropy": """
import numpy as np, astropy.units as u
from astropy import table, time, coordinates, wcs, modeling, constants, cosmology, nddata, stats
from astropy.io import fits
----
quantity: [1 * u.m, np.arange(3) * u.km / u.s, u.kpc, u.Unit("erg / s"), u.mag]
table: table.Table({"a": [1, 2], "b": ["x", "y"]})
qtable: table.QTable({"a": [1, 2] * u.m})
time: time.Time("2024-01-01T00:00:00") + time.TimeDelta(3, format="jd")
sky: coordinates.SkyCoord(10, 20, unit="deg")
frames: [coordinates.Angle("1d"), coordinates.EarthLocation.from_geodetic(1, 2), coordinates.Galactic(1 * u.deg, 2 * u.deg)]
wcs: wcs.WCS(naxis=2)
header: fits.Header([("A", 1, "comment")])
hdu: fits.PrimaryHDU(np.eye(2))
model: modeling.models.Gaussian1D(1, 2, 3) + modeling.models.Const1D(2)
fitter: modeling.fitting.LevMarLSQFitter()
constant: [constants.c, constants.G]
cosmology: cosmology.FlatLambdaCDM(70, 0.3)
planck: cosmology.Planck18
ccd: nddata.NDData(np.eye(2), unit="m")
masked: table.Table({"a": [1]}, masked=True)
sigma: stats.SigmaClip(3)
""",
    "pint": """
import pint, numpy as np
registry = pint.UnitRegistry()
pint.set_application_registry(registry)
----
quantity: [3 * registry.meter, np.arange(2) * registry.second]
unit: registry.meter / registry.second
measurement: (3 * registry.meter).plus_minus(0.1)
error: pint.DimensionalityError("a", "b")
""",
    "uncertainties": """
from uncertainties import ufloat, umath, unumpy
----
float: ufloat(1, 0.1)
function: umath.sin(ufloat(1, 0.1)) * 2
array: unumpy.uarray([1, 2], [0.1, 0.2])
""",
    "arrow": """
import arrow
----
time: arrow.get("2024-01-01T10:00:00+02:00")
range: list(arrow.Arrow.range("day", arrow.get("2024-01-01"), arrow.get("2024-01-03")))
zone: arrow.get("2024-01-01", tzinfo="Europe/Berlin")
""",
    "pendulum": """
import pendulum
----
time: pendulum.datetime(2024, 1, 1, tz="Europe/Berlin")
utc: pendulum.datetime(2024, 1, 1)
date: [pendulum.date(2024, 1, 1), pendulum.time(1, 2), pendulum.duration(days=1)]
interval: pendulum.datetime(2024, 1, 2) - pendulum.datetime(2024, 1, 1)
offset: pendulum.datetime(2024, 1, 1, tz=pendulum.tz.fixed_timezone(3600))
""",
    "beautifulsoup4": """
import bs4
----
soup: bs4.BeautifulSoup("<p class='a'>x<b>y</b></p>", "html.parser")
tag: bs4.BeautifulSoup("<p>x</p>", "html.parser").p
text: bs4.BeautifulSoup("<p>x<!-- c --></p>", "html.parser").p.string
""",
    "lxml": """
from lxml import etree
----
objectified: __import__("lxml.objectify").objectify.fromstring("<a><b>1</b></a>")
""",
    "xarray": """
import xarray as xr, numpy as np, pandas as pd
----
array: xr.DataArray(np.eye(2), dims=("x", "y"), coords={"x": [1, 2]}, attrs={"a": 1})
dataset: xr.Dataset({"a": ("x", [1, 2]), "b": ("x", ["u", "v"])})
time: xr.DataArray([1, 2], dims="t", coords={"t": pd.date_range("2024", periods=2)})
variable: [xr.Variable("x", [1, 2]), xr.IndexVariable("x", [1, 2])]
groups: xr.DataArray([1, 2], dims="x", coords={"x": ["a", "b"]}).groupby("x")
tree: xr.DataTree.from_dict({"/a": xr.Dataset({"v": 1})})
multi: xr.Dataset(coords=xr.Coordinates.from_pandas_multiindex(pd.MultiIndex.from_product([[1, 2], ["a"]], names=["p", "q"]), "x"))
""",
    "dask": """
import dask, dask.array as da, dask.bag as db, dask.dataframe as dd, pandas as pd, operator
----
array: da.ones((4, 4), chunks=2).sum()
bag: db.from_sequence([1, 2]).map(str)
frame: dd.from_pandas(pd.DataFrame({"a": [1, 2]}), npartitions=1)
frame-sum: dd.from_pandas(pd.DataFrame({"a": [1, 2]}), npartitions=1).a.sum()
delayed: dask.delayed(operator.add)(1, 2)
""",
    "lifelines": """
import lifelines as ll, lifelines.datasets as d
frame = d.load_waltons()
frame["g"] = (frame.pop("group") == "control").astype(int)
----
kaplan-meier: ll.KaplanMeierFitter().fit(frame["T"], frame["E"])
nelson-aalen: ll.NelsonAalenFitter().fit(frame["T"], frame["E"])
weibull: ll.WeibullFitter().fit(frame["T"], frame["E"])
exponential: ll.ExponentialFitter().fit(frame["T"], frame["E"])
cox: ll.CoxPHFitter().fit(frame, "T", "E")
cox-strata: ll.CoxPHFitter().fit(frame.assign(s=frame.index % 2), "T", "E", strata=["s"])
weibull-aft: ll.WeibullAFTFitter().fit(frame, "T", "E")
log-normal: ll.LogNormalFitter().fit(frame["T"], frame["E"])
log-logistic: ll.LogLogisticAFTFitter().fit(frame, "T", "E")
aalen: ll.AalenAdditiveFitter().fit(frame, "T", "E")
test: ll.statistics.logrank_test(frame["T"], frame["T"], frame["E"], frame["E"])
""",
    "hmmlearn": """
import numpy as np
from hmmlearn import hmm, vhmm
X = np.random.RandomState(1).rand(40, 1)
K = np.random.RandomState(1).randint(0, 3, (40, 1))
----
gaussian: hmm.GaussianHMM(2, n_iter=3).fit(X)
mixture: hmm.GMMHMM(2, n_iter=3).fit(X)
categorical: hmm.CategoricalHMM(2, n_iter=3).fit(K)
multinomial: hmm.MultinomialHMM(2)
poisson: hmm.PoissonHMM(2, n_iter=3).fit(K)
variational: vhmm.VariationalGaussianHMM(2, n_iter=3).fit(X)
""",
    "category-encoders": """
import category_encoders as ce, pandas as pd, inspect
X, y = pd.DataFrame({"a": list("abcabc" * 3), "b": list("xyxyxy" * 3)}), [0, 1] * 9
----
*: {name: getattr(ce, name) for name in dir(ce) if name.endswith("Encoder")}
* -> kind().fit(X, y)
""",
    "imbalanced-learn": """
import numpy as np, imblearn, imblearn.combine, imblearn.ensemble, imblearn.over_sampling, imblearn.under_sampling, imblearn.pipeline
from sklearn.linear_model import LogisticRegression
X, y = np.random.RandomState(1).rand(60, 3), np.array([0] * 40 + [1] * 20)
rooms = [imblearn.combine, imblearn.ensemble, imblearn.over_sampling, imblearn.under_sampling]
----
*: {name: getattr(room, name) for room in rooms for name in room.__all__}
* -> fitted(kind(), X, y)
pipeline: imblearn.pipeline.make_pipeline(imblearn.over_sampling.SMOTE(k_neighbors=2), LogisticRegression()).fit(X, y)
function: imblearn.FunctionSampler()
""",
    "mlxtend": """
import numpy as np, mlxtend.classifier as c, mlxtend.regressor as r, mlxtend.cluster as k, mlxtend.feature_selection as f, mlxtend.preprocessing as p, mlxtend.feature_extraction as e
from sklearn.linear_model import LogisticRegression, LinearRegression
X, y = np.random.RandomState(1).rand(30, 3), np.array([0, 1] * 15)
----
vote: c.EnsembleVoteClassifier([LogisticRegression(), LogisticRegression()]).fit(X, y)
stack: c.StackingClassifier([LogisticRegression()], LogisticRegression()).fit(X, y)
stack-cv: c.StackingCVClassifier([LogisticRegression()], LogisticRegression()).fit(X, y)
logistic: c.LogisticRegression(epochs=2).fit(X, y)
perceptron: c.MultiLayerPerceptron(epochs=2).fit(X, y)
adaline: c.Adaline(epochs=2).fit(X, y)
softmax: c.SoftmaxRegression(epochs=2).fit(X, y)
one: c.OneRClassifier().fit(X.astype(int), y)
linear: r.LinearRegression().fit(X, X[:, 0])
stack-regressor: r.StackingRegressor([LinearRegression()], LinearRegression()).fit(X, y)
stack-cv-regressor: r.StackingCVRegressor([LinearRegression()], LinearRegression()).fit(X, y)
kmeans: k.Kmeans(2).fit(X)
sequential: f.SequentialFeatureSelector(LogisticRegression(), k_features=1, cv=2).fit(X, y)
exhaustive: f.ExhaustiveFeatureSelector(LogisticRegression(), print_progress=False, max_features=1, cv=2).fit(X, y)
column: f.ColumnSelector([0])
encoder: p.TransactionEncoder().fit([["a", "b"], ["a"]])
others: [p.DenseTransformer(), p.MeanCenterer().fit(X), p.CopyTransformer()]
pca: e.PrincipalComponentAnalysis(1).fit(X)
rbf: e.RBFKernelPCA().fit(X)
""",
    "feature-engine": """
import pandas as pd, numpy as np, inspect
import feature_engine.creation, feature_engine.datetime, feature_engine.discretisation, feature_engine.encoding, feature_engine.imputation, feature_engine.outliers, feature_engine.preprocessing, feature_engine.selection, feature_engine.transformation, feature_engine.wrappers, feature_engine.timeseries.forecasting
import feature_engine as fe
r = np.random.RandomState(1)
X = pd.DataFrame({"a": r.rand(40) + 1, "b": r.rand(40) + 1, "c": list("xyxy" * 10), "d": list("uvwu" * 10)})
y = pd.Series([0, 1, 1, 0] * 10)
rooms = [fe.creation, fe.datetime, fe.discretisation, fe.encoding, fe.imputation, fe.outliers, fe.preprocessing, fe.selection, fe.transformation, fe.wrappers, fe.timeseries.forecasting]
----
*: {name: getattr(room, name) for room in rooms for name in room.__all__}
* -> fitted(kind(), X, y)
""",
    "tslearn": """
import numpy as np, tslearn.clustering as c, tslearn.neighbors as n, tslearn.svm as s, tslearn.preprocessing as p, tslearn.piecewise as w
X, y = np.random.RandomState(1).rand(10, 8, 1), np.array([0, 1] * 5)
----
kmeans: c.TimeSeriesKMeans(2, max_iter=2).fit(X)
kmeans-dtw: c.TimeSeriesKMeans(2, max_iter=2, metric="dtw").fit(X)
kernel: c.KernelKMeans(2).fit(X)
shape: c.KShape(2).fit(X)
neighbors: n.KNeighborsTimeSeriesClassifier(2).fit(X, y)
svc: s.TimeSeriesSVC().fit(X, y)
scaler: [p.TimeSeriesScalerMeanVariance(), p.TimeSeriesScalerMinMax(), p.TimeSeriesResampler(4)]
sax: w.SymbolicAggregateApproximation(2, 2).fit(X)
""",
    "deap": """
import operator, random, math, array
from deap import base, creator, tools, gp, algorithms, cma
creator.create("Best", base.Fitness, weights=(1.0,))
creator.create("Single", list, fitness=creator.Best)
creator.create("Packed", array.array, typecode="d", fitness=creator.Best)
names = gp.PrimitiveSet("MAIN", 1)
names.addPrimitive(operator.add, 2)
names.addPrimitive(math.sin, 1)
names.addTerminal(1)
box = base.Toolbox()
box.register("item", random.random)
box.register("one", tools.initRepeat, creator.Single, box.item, 3)
box.register("mate", tools.cxTwoPoint)
box.register("select", tools.selTournament, tournsize=3)
----
individual: box.one()
population: [box.one() for _ in range(3)]
packed: creator.Packed([1.0, 2.0])
toolbox: box
tree: gp.PrimitiveTree(gp.genFull(names, 1, 2))
primitives: names
hall: tools.HallOfFame(2)
pareto: tools.ParetoFront()
log: tools.Logbook()
statistics: tools.Statistics(len)
strategy: cma.Strategy([0.0, 0.0], 1.0)
checkpoint: dict(population=[box.one()], generation=1, halloffame=tools.HallOfFame(1), logbook=tools.Logbook(), rndstate=random.getstate())
""",
    "optuna": """
import optuna
optuna.logging.set_verbosity(50)
study = optuna.create_study()
study.optimize(lambda trial: trial.suggest_float("x", 0, 1) + trial.suggest_int("n", 1, 3) + len(trial.suggest_categorical("c", ["a"])), 3)
s, p, d = optuna.samplers, optuna.pruners, optuna.distributions
----
study: study
trials: study.trials
best: study.best_trial
samplers: [s.TPESampler(seed=1), s.RandomSampler(1), s.GridSampler({"x": [1]}), s.NSGAIISampler(), s.QMCSampler(), s.NSGAIIISampler(), s.PartialFixedSampler({"a": 1}, s.RandomSampler()), s.BruteForceSampler()]
cma: s.CmaEsSampler()
pruners: [p.MedianPruner(), p.HyperbandPruner(1, 10), p.NopPruner(), p.PercentilePruner(10), p.PatientPruner(None, 1), p.ThresholdPruner(1), p.SuccessiveHalvingPruner(), p.WilcoxonPruner()]
distributions: [d.FloatDistribution(0, 1), d.IntDistribution(0, 2), d.CategoricalDistribution(["a"])]
states: [optuna.trial.TrialState.COMPLETE, optuna.study.StudyDirection.MINIMIZE]
frame: study.trials_dataframe()
storage: optuna.storages.InMemoryStorage()
""",
    "hyperopt": """
import hyperopt
from hyperopt import hp, Trials, fmin, tpe, rand
trials = Trials()
best = fmin(len, hp.choice("c", ["a", "bc"]), rand.suggest, 3, trials=trials, show_progressbar=False, verbose=False)
----
trials: trials
space: {"x": hp.uniform("x", 0, 1), "n": hp.quniform("n", 1, 5, 1), "c": hp.choice("c", [1, 2]), "l": hp.loguniform("l", -5, 0)}
best: best
statuses: [hyperopt.STATUS_OK, hyperopt.JOB_STATE_DONE]
""",
    "scikit-optimize": """
import skopt
from skopt.space import Real, Integer, Categorical, Space
result = skopt.dummy_minimize(sum, [(0.0, 1.0), (1, 5)], n_calls=5)
----
result: result
space: Space([Real(0, 1), Integer(1, 5), Categorical(["a", "b"])])
gaussian: skopt.gp_minimize(sum, [(0.0, 1.0)], n_calls=6, n_initial_points=5)
forest: skopt.forest_minimize(sum, [(0.0, 1.0)], n_calls=6, n_initial_points=5)
optimizer: skopt.Optimizer([(0.0, 1.0)])
search: skopt.BayesSearchCV(__import__("sklearn.svm").svm.SVC(), {"C": (0.1, 1.0)})
""",
    "pgmpy": """
import pandas as pd
from pgmpy.factors.discrete import TabularCPD, DiscreteFactor, JointProbabilityDistribution
import pgmpy.models as m, pgmpy.inference as i
kind = getattr(m, "DiscreteBayesianNetwork", None) or m.BayesianNetwork
def net():
    made = kind([("a", "b")])
    made.add_cpds(TabularCPD("a", 2, [[0.5], [0.5]]), TabularCPD("b", 2, [[0.1, 0.9], [0.9, 0.1]], ["a"], [2]))
    return made
----
network: net()
factor: DiscreteFactor(["a"], [2], [0.5, 0.5])
distribution: JointProbabilityDistribution(["a"], [2], [0.5, 0.5])
inference: i.VariableElimination(net())
naive: m.NaiveBayes()
markov: m.DiscreteMarkovNetwork([("a", "b")])
dynamic: m.DynamicBayesianNetwork()
""",
    "rank-bm25": """
import rank_bm25 as r
texts = [["a", "b"], ["b", "c"], ["d"]]
----
okapi: r.BM25Okapi(texts)
l: r.BM25L(texts)
plus: r.BM25Plus(texts)
""",
    "kmodes": """
import numpy as np
from kmodes import kmodes, kprototypes
X = np.array([["a", "b"], ["a", "c"], ["d", "c"]] * 4)
M = np.array([[1.0, "a"], [2.0, "b"], [9.0, "b"]] * 4, dtype=object)
----
modes: kmodes.KModes(2, n_init=1).fit(X)
prototypes: kprototypes.KPrototypes(2, n_init=1).fit(M, categorical=[1])
""",
    "filterpy": """
import numpy as np, filterpy.kalman as k
----
kalman: k.KalmanFilter(2, 1)
extended: k.ExtendedKalmanFilter(2, 1)
ensemble: k.SquareRootKalmanFilter(2, 1)
points: [k.MerweScaledSigmaPoints(2, 0.1, 2, 1), k.JulierSigmaPoints(2)]
saver: k.InformationFilter(2, 1)
""",
    "lmfit": """
import lmfit, numpy as np
x = np.linspace(0, 1, 20)
----
parameters: lmfit.create_params(a=1, b=dict(value=2, min=0))
model: lmfit.models.GaussianModel()
result: lmfit.models.LinearModel().fit(x * 2, x=x, slope=1, intercept=0)
minimized: lmfit.minimize(lambda p: p["a"].value - x, lmfit.create_params(a=1))
composite: lmfit.models.GaussianModel(prefix="g_") + lmfit.models.LinearModel()
""",
    "biopython": """
from Bio import Seq, SeqRecord, Align, Phylo, motifs, SeqFeature
from Bio.PDB import Structure, Model, Chain, Residue, Atom
from io import StringIO
----
sequence: Seq.Seq("ACGT")
record: SeqRecord.SeqRecord(Seq.Seq("ACGT"), id="x", features=[SeqFeature.SeqFeature(SeqFeature.SimpleLocation(0, 2), type="gene")])
alignment: Align.MultipleSeqAlignment([SeqRecord.SeqRecord(Seq.Seq("AC"), id="x")])
tree: Phylo.read(StringIO("((a,b),c);"), "newick")
motif: motifs.create([Seq.Seq("ACG"), Seq.Seq("ACT")])
structure: Structure.Structure("x")
aligner: Align.PairwiseAligner()
atom: Atom.Atom("CA", [1, 2, 3], 1, 1, " ", "CA", 1, "C")
""",
    "ase": """
import ase, ase.build, ase.units, ase.io
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
----
atoms: ase.Atoms("H2O", positions=[[0, 0, 0], [0, 0, 1], [0, 1, 0]])
crystal: ase.build.bulk("Cu", cubic=True)
atom: ase.Atom("H", (0, 0, 0))
cell: ase.build.bulk("Cu").cell
calculator: SinglePointCalculator(ase.build.bulk("Cu"), energy=1.0)
constrained: ase.Atoms("H2", positions=[[0, 0, 0], [0, 0, 1]], constraint=[__import__("ase.constraints").constraints.FixAtoms([0])])
""",
    "rdkit": """
from rdkit import Chem, DataStructs
from rdkit.Chem import AllChem
molecule = Chem.MolFromSmiles("CCO")
----
molecule: molecule
molecules: [molecule, Chem.MolFromSmiles("c1ccccc1")]
fingerprint: Chem.RDKFingerprint(molecule)
morgan: AllChem.GetMorganFingerprintAsBitVect(molecule, 2, 64)
counts: AllChem.GetMorganFingerprint(molecule, 2)
query: Chem.MolFromSmarts("[C;R0]")
""",
    "hydra": """
import hydra.core.utils as u
from omegaconf import OmegaConf
----
status: [u.JobStatus.COMPLETED, u.JobReturn()]
""",
    "mpmath": """
import mpmath as m
----
numbers: [m.mpf("1.5"), m.mpc(1, 2), m.mpi(1, 2), m.pi]
matrix: m.matrix([[1, 2], [3, 4]])
interval: m.iv.mpf([1, 2])
""",
    "attrs": """
import attr, attrs
----
factory: [attr.Factory(list), attr.NOTHING]
attribute: attr.fields(attr.make_class("X", ["a"]))
validators: [attrs.validators.instance_of(int), attrs.validators.in_([1]), attrs.validators.optional(attrs.validators.ge(1))]
error: attrs.exceptions.FrozenInstanceError()
""",
    "formulaic": """
import formulaic, pandas as pd
frame = pd.DataFrame({"y": [1, 2, 3], "x": [1.0, 2, 4], "g": ["a", "b", "a"]})
----
formula: formulaic.Formula("y ~ x + C(g)")
matrix: formulaic.model_matrix("x + g", frame)
spec: formulaic.model_matrix("x + g", frame).model_spec
""",
    "patsy": """
import patsy, pandas as pd
frame = pd.DataFrame({"y": [1, 2, 3], "x": [1.0, 2, 4], "g": ["a", "b", "a"]})
----
description: patsy.ModelDesc.from_formula("y ~ x")
matrix: patsy.dmatrix("x", frame)
""",
    "polars-more": """
import polars as pl, datetime
----
expression: (pl.col("a") + 1).alias("b")
lazy: pl.DataFrame({"a": [1]}).lazy().filter(pl.col("a") > 0)
schema: pl.DataFrame({"a": [1]}).schema
dtypes: [pl.Int8, pl.Utf8, pl.Struct([pl.Field("a", pl.Int8)]), pl.Categorical(), pl.Decimal(5, 2), pl.Enum(["a"])]
group: pl.DataFrame({"a": [1, 1]}).group_by("a")
""",
    "plotly": """
import plotly.graph_objects as go, plotly.express as px
----
heatmap: go.Figure(go.Heatmap(z=[[1, 2]]))
express: px.scatter(x=[1], y=[2])
layout: go.Layout(title="t")
trace: go.Scatter(x=[1])
""",
    "tokenizers": """
import tokenizers
from tokenizers import models, pre_tokenizers, normalizers, decoders, processors, trainers
----
bpe: tokenizers.Tokenizer(models.BPE())
models: [models.WordPiece(), models.WordLevel(), models.Unigram()]
parts: [pre_tokenizers.Whitespace(), pre_tokenizers.ByteLevel(), normalizers.Lowercase(), normalizers.Sequence([normalizers.NFC()]), decoders.ByteLevel(), decoders.WordPiece()]
added: tokenizers.AddedToken("<s>", special=True)
trainers: [trainers.BpeTrainer(), trainers.WordPieceTrainer()]
encoding: tokenizers.Tokenizer(models.WordLevel({"a": 0}, unk_token="a")).encode("a")
""",
    "igraph": """
import igraph
----
graph: igraph.Graph([(0, 1), (1, 2)])
layout: igraph.Graph([(0, 1)]).layout("circle")
clusters: igraph.Graph([(0, 1)]).connected_components()
""",
    "sktime": """
import numpy as np, pandas as pd
from sktime.forecasting.naive import NaiveForecaster
from sktime.forecasting.trend import TrendForecaster, PolynomialTrendForecaster
from sktime.forecasting.exp_smoothing import ExponentialSmoothing
from sktime.forecasting.compose import TransformedTargetForecaster, make_reduction
from sktime.forecasting.base import ForecastingHorizon
from sktime.transformations.series.detrend import Deseasonalizer, Detrender
from sktime.transformations.series.difference import Differencer
from sktime.transformations.panel.rocket import MiniRocket
from sktime.classification.interval_based import TimeSeriesForestClassifier
from sktime.classification.distance_based import KNeighborsTimeSeriesClassifier
from sklearn.linear_model import LinearRegression
y = pd.Series(np.arange(24.0) + 1, index=pd.period_range("2020-01", periods=24, freq="M"))
X = np.random.RandomState(1).rand(8, 1, 20)
----
naive: NaiveForecaster(sp=12).fit(y)
trend: TrendForecaster().fit(y)
polynomial: PolynomialTrendForecaster(2).fit(y)
smoothing: ExponentialSmoothing().fit(y)
pipeline: TransformedTargetForecaster([("d", Detrender()), ("f", NaiveForecaster())]).fit(y)
reduction: make_reduction(LinearRegression(), window_length=3).fit(y, fh=[1])
horizon: ForecastingHorizon([1, 2])
seasonal: Deseasonalizer(sp=12).fit(y)
difference: Differencer().fit(y)
forest: TimeSeriesForestClassifier(n_estimators=2).fit(X, [0, 1] * 4)
neighbors: KNeighborsTimeSeriesClassifier(distance="euclidean").fit(X, [0, 1] * 4)
""",
    "pyod": """
import numpy as np, importlib, pkgutil, inspect, pyod.models
X = np.random.RandomState(1).rand(40, 3)
def kinds():
    found = {}
    for name in "abod cblof copod ecod feature_bagging gmm hbos iforest inne kde knn kpca lmdd loda lof loci lscp mad mcd ocsvm pca qmcd rod sampling sod sos cof cd".split():
        try:
            module = importlib.import_module("pyod.models." + name)
        except Exception:
            continue
        found.update({n: k for n, k in vars(module).items() if inspect.isclass(k) and k.__module__ == module.__name__ and hasattr(k, "fit")})
    return found
----
*: kinds()
* -> fitted(kind(), X, None)
""",
    "umap": """
import umap, numpy as np
X = np.random.RandomState(1).rand(20, 4)
----
umap: umap.UMAP(n_neighbors=4, n_epochs=5).fit(X)
aligned: umap.AlignedUMAP()
""",
    "hdbscan": """
import hdbscan, numpy as np
X = np.random.RandomState(1).rand(40, 2)
----
plain: hdbscan.HDBSCAN(min_cluster_size=3).fit(X)
prediction: hdbscan.HDBSCAN(min_cluster_size=3, prediction_data=True).fit(X)
robust: hdbscan.RobustSingleLinkage().fit(X)
""",
    "shap": """
import shap, numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
X, y = np.random.RandomState(1).rand(20, 3), np.array([0, 1] * 10)
----
explanation: shap.Explanation(np.eye(2), base_values=np.zeros(2), data=np.eye(2), feature_names=["a", "b"])
tree: shap.TreeExplainer(RandomForestClassifier(2).fit(X, y))
linear: shap.LinearExplainer(LinearRegression().fit(X, y), X)
kernel: shap.KernelExplainer(LinearRegression().fit(X, y).predict, X[:3])
masker: [shap.maskers.Independent(X), shap.maskers.Partition(X)]
""",
    "faiss": """
import faiss, numpy as np
def built(index):
    index.add(np.eye(4, dtype="f4"))
    return index
----
flat: built(faiss.IndexFlatL2(4))
inner: faiss.IndexFlatIP(4)
graph: built(faiss.IndexHNSWFlat(4, 2))
serialized: faiss.serialize_index(built(faiss.IndexFlatL2(4)))
""",
    "river": """
import river
from river import linear_model, tree, preprocessing, compose, ensemble, naive_bayes, neighbors, cluster, anomaly, metrics, drift, stats, optim, time_series, feature_extraction, feature_selection, forest
def learned(model):
    for number in range(20):
        model.learn_one({"a": number, "b": number % 3}, number % 2)
    return model
----
pipeline: learned(preprocessing.StandardScaler() | linear_model.LogisticRegression())
tree: learned(tree.HoeffdingTreeClassifier())
adaptive: learned(tree.HoeffdingAdaptiveTreeClassifier())
regressor: learned(tree.HoeffdingTreeRegressor())
forest: learned(forest.ARFClassifier(2))
bayes: learned(naive_bayes.GaussianNB())
neighbors: learned(neighbors.KNNClassifier())
clusters: [cluster.KMeans(), cluster.DBSTREAM(), cluster.CluStream()]
anomaly: anomaly.HalfSpaceTrees()
metrics: [metrics.Accuracy(), metrics.F1(), metrics.ROCAUC(), metrics.MAE()]
drift: [drift.ADWIN(), drift.PageHinkley(), drift.KSWIN()]
stats: [stats.Mean(), stats.Var(), stats.Quantile(), stats.EWMean()]
optimizers: [optim.SGD(0.1), optim.Adam(), optim.losses.Log()]
series: time_series.SNARIMAX(1, 0, 0)
words: feature_extraction.TFIDF()
bagging: learned(ensemble.BaggingClassifier(tree.HoeffdingTreeClassifier(), 2))
""",
    "keras": """
import os
os.environ.setdefault("KERAS_BACKEND", "numpy" if not __import__("importlib.util").util.find_spec("jax") else "jax")
import keras
----
model: keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(2)])
functional: (lambda i: keras.Model(i, keras.layers.Dense(1)(i)))(keras.layers.Input((2,)))
config: keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(2)]).get_config()
weights: keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(2)]).get_weights()
layer: keras.layers.Dense(2)
optimizer: keras.optimizers.Adam()
initializer: keras.initializers.GlorotUniform(1)
""",
    "geopandas": """
import geopandas as gpd, pyproj
from shapely.geometry import Point, box
----
frame: gpd.GeoDataFrame({"a": [1]}, geometry=[Point(1, 2)], crs="EPSG:4326")
series: gpd.GeoSeries([box(0, 0, 1, 1)])
crs: pyproj.CRS("EPSG:3857")
transformer: pyproj.Transformer.from_crs("EPSG:4326", "EPSG:3857")
projection: [pyproj.Proj("EPSG:4326"), pyproj.Geod(ellps="WGS84")]
""",
    "jax": """
import jax, jax.numpy as jnp, numpy as np
----
array: jnp.arange(4.0)
tree: {"layer": {"w": jnp.ones((2, 2)), "b": jnp.zeros(2)}}
key: jax.random.PRNGKey(0)
dtypes: [jnp.float32, jnp.bfloat16, np.dtype("bfloat16")]
shape: jax.ShapeDtypeStruct((2,), jnp.float32)
structure: jax.tree_util.tree_structure({"a": 1})
""",
    "flax": """
import flax, flax.linen as nn, jax, jax.numpy as jnp, optax
from flax.training.train_state import TrainState
from flax.core import freeze
parameters = nn.Dense(2).init(jax.random.PRNGKey(0), jnp.ones((1, 2)))
----
parameters: parameters
frozen: freeze(parameters)
module: nn.Dense(2)
sequential: nn.Sequential([nn.Dense(2), nn.relu])
optimizer-state: optax.adam(0.1).init(parameters)
chain-state: optax.chain(optax.clip(1.0), optax.adamw(0.1)).init(parameters)
bytes: flax.serialization.to_bytes(parameters)
""",
    "bayesian-optimization": """
import bayes_opt
def run():
    made = bayes_opt.BayesianOptimization(None, {"x": (0, 1)}, random_state=1, verbose=0)
    made.register({"x": 0.5}, 0.25)
    return made
----
optimizer: run()
maximum: run().max
acquisition: [bayes_opt.acquisition.UpperConfidenceBound(), bayes_opt.acquisition.ExpectedImprovement(0.1)]
""",
    "ngboost": """
import numpy as np, ngboost
from ngboost.distns import Normal, LogNormal, Bernoulli
X, y = np.random.RandomState(1).rand(30, 2), np.random.RandomState(1).rand(30)
----
regressor: ngboost.NGBRegressor(n_estimators=3, verbose=False).fit(X, y)
classifier: ngboost.NGBClassifier(n_estimators=3, verbose=False).fit(X, (y > 0.5).astype(int))
log-normal: ngboost.NGBRegressor(Dist=LogNormal, n_estimators=3, verbose=False).fit(X, y + 1)
survival: ngboost.NGBSurvival(n_estimators=3, verbose=False).fit(X, y + 1, np.ones(30))
""",
    "implicit": """
import scipy.sparse, implicit
M = scipy.sparse.random(12, 8, 0.4, "csr", random_state=1).astype("f4")
def fit(model):
    model.fit(M, show_progress=False)
    return model
----
als: fit(implicit.als.AlternatingLeastSquares(factors=2, iterations=2))
bpr: fit(implicit.bpr.BayesianPersonalizedRanking(factors=2, iterations=2))
logistic: fit(implicit.lmf.LogisticMatrixFactorization(factors=2, iterations=2))
cosine: fit(implicit.nearest_neighbours.CosineRecommender(2))
tfidf: fit(implicit.nearest_neighbours.TFIDFRecommender(2))
bm25: fit(implicit.nearest_neighbours.BM25Recommender(2))
""",
    "surprise": """
import surprise, pandas as pd, random
random.seed(1)
frame = pd.DataFrame([(u, i, random.randint(1, 5)) for u in range(6) for i in range(5)], columns=["u", "i", "r"])
train = surprise.Dataset.load_from_df(frame, surprise.Reader()).build_full_trainset()
----
trainset: train
*: {name: getattr(surprise, name) for name in "SVD SVDpp NMF KNNBasic KNNWithMeans KNNBaseline BaselineOnly SlopeOne CoClustering NormalPredictor".split()}
* -> kind().fit(train)
predictions: surprise.SVD().fit(train).test([(1, 1, 3.0)])
reader: surprise.Reader()
""",
    "pmdarima": """
import pmdarima, numpy as np
y = np.random.RandomState(1).rand(30)
----
arima: pmdarima.ARIMA((1, 0, 0)).fit(y)
auto: pmdarima.auto_arima(y, max_p=1, max_q=1, seasonal=False)
pipeline: pmdarima.pipeline.Pipeline([("box", pmdarima.preprocessing.BoxCoxEndogTransformer()), ("a", pmdarima.ARIMA((1, 0, 0)))]).fit(y)
""",
    "prophet": """
import prophet
----
model: prophet.Prophet()
""",
    "arviz": """
import arviz, numpy as np
----
data: arviz.from_dict(posterior={"a": np.ones((1, 3))})
""",
    "nibabel": """
import nibabel, numpy as np
----
image: nibabel.Nifti1Image(np.zeros((2, 2, 2), "f4"), np.eye(4))
header: nibabel.Nifti1Header()
spatial: nibabel.Spm99AnalyzeImage(np.zeros((2, 2, 2), "f4"), np.eye(4))
tracks: nibabel.streamlines.ArraySequence([np.eye(3)])
""",
    "mne": """
import mne, numpy as np
mne.set_log_level("ERROR")
info = mne.create_info(["a", "b"], 100.0, "eeg")
raw = mne.io.RawArray(np.zeros((2, 200)), info)
----
info: info
raw: raw
epochs: mne.make_fixed_length_epochs(raw, 1.0, preload=True)
evoked: mne.make_fixed_length_epochs(raw, 1.0, preload=True).average()
annotations: mne.Annotations([0], [1], ["x"])
montage: mne.channels.make_standard_montage("standard_1020")
""",
    "pykalman": """
import pykalman, numpy as np
----
filter: pykalman.KalmanFilter(np.eye(2), np.eye(2))
""",
    "arch": """
import arch, numpy as np
y = np.random.RandomState(1).rand(100)
----
model: arch.arch_model(y, rescale=False)
fitted: arch.arch_model(y, rescale=False).fit(disp="off")
""",
    "textblob": """
import textblob
----
word: textblob.Word("shops")
""",
    "sunpy": """
import sunpy.coordinates, sunpy.time, astropy.units as u
from astropy.coordinates import SkyCoord
----
coordinate: SkyCoord(1 * u.deg, 2 * u.deg, frame="heliographic_stonyhurst", obstime="2020-01-01")
range: sunpy.time.TimeRange("2020-01-01", "2020-01-02")
""",
    "pymatgen": """
from pymatgen.core import Structure, Lattice, Molecule, Element, Composition
----
structure: Structure(Lattice.cubic(4), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
molecule: Molecule(["H", "H"], [[0, 0, 0], [0, 0, 1]])
composition: [Composition("NaCl"), Element("Na")]
""",
    "containers": """
import importlib
def one(module, expression):
    return eval(expression, {"m": importlib.import_module(module)})
----
easydict: one("easydict", "m.EasyDict(a=1, b={'c': 2})")
munch: one("munch", "[m.Munch(a=1), m.DefaultMunch(0, a=1)]")
box: one("box", "m.Box(a={'b': 1})")
sorted: one("sortedcontainers", "[m.SortedDict(a=1), m.SortedList([2, 1]), m.SortedSet([1])]")
bidict: one("bidict", "[m.bidict(a=1), m.OrderedBidict(a=1), m.frozenbidict(a=1)]")
pyrsistent: one("pyrsistent", "[m.pmap({'a': 1}), m.pvector([1]), m.pset([1])]")
tree: one("anytree", "m.Node('a', children=[m.Node('b')])")
treelib: one("treelib", "m.Tree()")
boltons: one("boltons.dictutils", "[m.OMD([('a', 1)]), m.FrozenDict(a=1)]")
zarr: one("numcodecs", "[m.Blosc(), m.Zlib(), m.Delta('i4')]")
wrapt: one("toolz", "m.curry(max)")
""",
    "pymoo": """
import pymoo.algorithms.moo.nsga2 as n, pymoo.core.population as p, pymoo.problems as pr, pymoo.core.individual as i
----
algorithm: n.NSGA2(pop_size=4)
population: p.Population.new("X", [[1.0], [2.0]])
individual: i.Individual(X=[1.0])
problem: pr.get_problem("zdt1")
""",
    "pygad": """
import pygad
----
instance: pygad.GA(num_generations=1, num_parents_mating=2, fitness_func=None, sol_per_pop=4, num_genes=2)
""",
    "annoy": """
import annoy
----
index: annoy.AnnoyIndex(2, "angular")
""",
    "factor-analyzer": """
import factor_analyzer, numpy as np
----
analyzer: factor_analyzer.FactorAnalyzer(1)
""",
    "gplearn": """
import numpy as np
from gplearn.genetic import SymbolicRegressor, SymbolicTransformer
X = np.random.RandomState(1).rand(20, 2)
----
regressor: SymbolicRegressor(population_size=20, generations=2, tournament_size=5).fit(X, X[:, 0])
""",
    "minisom": """
import minisom, numpy as np
----
map: minisom.MiniSom(2, 2, 3)
""",
    "sklearn-pandas": """
import sklearn_pandas, pandas as pd
from sklearn.preprocessing import StandardScaler, LabelBinarizer
X = pd.DataFrame({"a": [1.0, 2], "b": ["x", "y"]})
----
mapper: sklearn_pandas.DataFrameMapper([(["a"], StandardScaler()), ("b", LabelBinarizer())]).fit(X)
""",
    "survival": """
import numpy as np
from sksurv.ensemble import RandomSurvivalForest, GradientBoostingSurvivalAnalysis
from sksurv.linear_model import CoxPHSurvivalAnalysis, CoxnetSurvivalAnalysis
from sksurv.util import Surv
X = np.random.RandomState(1).rand(30, 2)
y = Surv.from_arrays(np.array([True, False] * 15), np.arange(1.0, 31))
----
forest: RandomSurvivalForest(3).fit(X, y)
boosting: GradientBoostingSurvivalAnalysis(n_estimators=3).fit(X, y)
cox: CoxPHSurvivalAnalysis().fit(X, y)
net: CoxnetSurvivalAnalysis().fit(X, y)
step: RandomSurvivalForest(3).fit(X, y).predict_survival_function(X[:1])[0]
""",
    "pyts": """
import numpy as np
from pyts import classification as c, image as i, transformation as t, approximation as a
X, y = np.random.RandomState(1).rand(10, 20), [0, 1] * 5
----
neighbors: c.KNeighborsClassifier().fit(X, y)
bossvs: c.BOSSVS(window_size=4).fit(X, y)
fields: [i.GramianAngularField(4), i.MarkovTransitionField(4), i.RecurrencePlot()]
rocket: t.ROCKET(10).fit(X)
approximation: [a.PiecewiseAggregateApproximation(2), a.SymbolicAggregateApproximation(2)]
""",
    "econml": """
import numpy as np
from econml.dml import LinearDML
r = np.random.RandomState(1)
----
linear: LinearDML(discrete_treatment=True).fit(r.rand(60), T=r.randint(0, 2, 60), X=r.rand(60, 1))
""",
    "interpret": """
import numpy as np
from interpret.glassbox import ExplainableBoostingClassifier
----
boosting: ExplainableBoostingClassifier(max_rounds=2, interactions=0).fit(np.random.RandomState(1).rand(40, 2), [0, 1] * 20)
""",
    "datasets": """
import datasets
----
dataset: datasets.Dataset.from_dict({"a": [1, 2]})
features: datasets.Features({"a": datasets.Value("int64"), "l": datasets.ClassLabel(names=["x"])})
group: datasets.DatasetDict({"train": datasets.Dataset.from_dict({"a": [1]})})
info: datasets.DatasetInfo()
""",
    "callables": """
import functools, operator, collections, math, numpy as np, statistics, itertools, random, decimal, fractions, ipaddress, uuid, datetime, zoneinfo, pathlib, argparse, re, types, enum, http, signal, socket, ssl, time, os, sys, string, array, logging, inspect, dataclasses, typing, textwrap, heapq, bisect, calendar, locale, email.message, email.headerregistry, urllib.parse, xml.etree.ElementTree as ET, xml.dom.minidom, json, csv, configparser, sched, queue, ast, tokenize, difflib, graphlib, platform, shlex, optparse, cmath, contextlib, weakref, copy, concurrent.futures, asyncio, unittest, doctest, tempfile, subprocess, warnings, traceback, hashlib, secrets, html, mailbox, filecmp, numbers, abc, struct, zipfile, tarfile, codecs, gzip
----
partials: [functools.partial(int, base=2), functools.partial(np.mean, axis=0), functools.partial(max, key=len), functools.partial(sorted, key=str.lower)]
getters: [operator.itemgetter(1), operator.itemgetter("a", "b"), operator.attrgetter("x.y"), operator.methodcaller("strip"), operator.methodcaller("split", ",")]
functions: [len, print, hash, repr, abs, sum, min, max, any, all, sorted, zip, map, filter, iter, id, round, divmod, isinstance, callable, ord, chr, str.lower, str.strip, dict.get, list.append, math.sqrt, statistics.mean, operator.add, operator.mul, random.random, time.time, os.path.join, os.path.basename, json.dumps, json.loads, copy.deepcopy, itertools.chain, functools.reduce, bisect.bisect, heapq.nlargest, textwrap.dedent, html.escape, re.escape, hashlib.md5, datetime.datetime.now, string.capwords]
bound: ["abc".upper, [1, 2].append, {}.get, datetime.date(2020, 1, 1).isoformat, dict.fromkeys]
ufuncs: [np.add, np.exp, np.log1p, np.maximum, np.mean, np.median, np.sum, np.std, np.linalg.norm, np.percentile, np.where, np.vstack, np.isnan, np.array, np.zeros, np.nanmean, np.argmax, np.concatenate]
defaults: [collections.defaultdict(f) for f in (int, list, dict, set, str, float, tuple, collections.Counter, collections.OrderedDict, collections.deque)]
enums: [http.HTTPStatus.OK, http.HTTPMethod.GET, signal.SIGINT, socket.AF_INET, socket.SOCK_STREAM, ssl.TLSVersion.TLSv1_2, re.IGNORECASE | re.DOTALL, inspect.Parameter.POSITIONAL_ONLY, uuid.SafeUUID.unknown, calendar.MONDAY, pathlib.Path]
values: [decimal.Decimal("1.5"), fractions.Fraction(1, 3), ipaddress.ip_address("10.0.0.1"), ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_interface("::1/64"), uuid.uuid5(uuid.NAMESPACE_DNS, "x"), pathlib.Path("a/b"), pathlib.PurePosixPath("a"), pathlib.PureWindowsPath("a"), argparse.Namespace(a=1), types.SimpleNamespace(b=2), re.compile("a+", re.I), re.compile(b"x"), array.array("d", [1.0]), slice(1, 2), range(3), complex(1, 2), bytearray(b"x"), Ellipsis, NotImplemented, memoryview]
times: [datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc), datetime.time(1, 2), datetime.timedelta(1), datetime.timezone(datetime.timedelta(hours=1), "X"), zoneinfo.ZoneInfo("Europe/Berlin"), time.gmtime(0), time.struct_time(range(9)), datetime.datetime(2020, 1, 1, tzinfo=zoneinfo.ZoneInfo("UTC"))]
random: [random.Random(1), random.Random(2).getstate(), np.random.RandomState(1), np.random.default_rng(1), np.random.SeedSequence(1), random.SystemRandom]
errors: [ValueError("x"), KeyError("k"), OSError(2, "no"), FileNotFoundError(2, "no", "f"), UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"), StopIteration(1), json.JSONDecodeError("m", "d", 0), subprocess.CalledProcessError(1, "cmd"), subprocess.TimeoutExpired("c", 1), asyncio.TimeoutError(), concurrent.futures.TimeoutError(), warnings.WarningMessage, ExceptionGroup("g", [ValueError(1)]), np.linalg.LinAlgError("s"), configparser.NoSectionError("a"), csv.Error("x"), zipfile.BadZipFile("x"), tarfile.TarError("x"), argparse.ArgumentTypeError("x"), email.errors.MessageError("x"), urllib.error.URLError("x") if hasattr(urllib, "error") else None, binascii.Error("x") if "binascii" in globals() else None, struct.error("x"), queue.Empty(), decimal.InvalidOperation(), TimeoutError(), ModuleNotFoundError("x", name="y")]
records: [os.stat_result(range(10)), os.terminal_size((80, 24)), sys.float_info, sys.version_info[:3], urllib.parse.urlparse("https://example.org/a?b"), urllib.parse.urlsplit("x"), inspect.ArgSpec if hasattr(inspect, "ArgSpec") else None, inspect.getfullargspec(textwrap.dedent), tokenize.TokenInfo(1, "a", (1, 0), (1, 1), "a"), difflib.Match(0, 0, 1), sched.Event(1, 1, 1, len, (), {}), subprocess.CompletedProcess(["a"], 0, "out"), shutil.disk_usage("/") if "shutil" in globals() else None]
trees: [ET.fromstring("<a><b>1</b></a>"), ET.ElementTree(ET.fromstring("<a/>")), ast.parse("x = 1 + 2"), xml.dom.minidom.parseString("<a>t</a>")]
mail: [email.message.EmailMessage(), email.message_from_string("Subject: x\\n\\nbody"), email.headerregistry.Address("A", "a", "example.org"), http.cookies.SimpleCookie("a=1") if hasattr(http, "cookies") else None]
parsers: [configparser.ConfigParser(), argparse.ArgumentParser(), string.Template("$a"), optparse.Values({"a": 1}), csv.excel, csv.DictReader, json.JSONEncoder(), json.JSONDecoder]
typing: [typing.Optional[int], typing.List[str], typing.Dict[str, typing.Any], typing.Callable[[int], str], list[int], dict[str, int], int | None, typing.Any, typing.Union[int, str], typing.Literal["a"], typing.Tuple[int, ...], collections.abc.Callable[[int], str], type(None), typing.NamedTuple]
fields: [dataclasses.MISSING, dataclasses.field(default=1), inspect.signature(textwrap.dedent), inspect.Parameter("a", inspect.Parameter.KEYWORD_ONLY)]
loggers: [logging.getLogger("x"), logging.Formatter("%(message)s"), logging.getLogger()]
iterators: [iter([1, 2]), iter((1,)), iter({1: 2}), enumerate(["a"]), reversed([1]), zip([1], [2]), map(str, [1]), filter(None, [1]), iter(range(3)), itertools.count(3)]
containers: [collections.ChainMap({1: 2}), collections.Counter("aab"), collections.deque([1], 5), collections.UserDict(a=1), collections.UserList([1]), collections.UserString("a"), types.MappingProxyType, frozenset([1]), {1: 2}.keys, string.Formatter(), graphlib.TopologicalSorter(), calendar.TextCalendar(), contextlib.nullcontext(1), difflib.SequenceMatcher(None, "a", "b"), textwrap.TextWrapper(), random.Random(3), numbers.Number]
numpy-values: [np.float32(1), np.int64(2), np.datetime64("2020"), np.timedelta64(1, "D"), np.bool_(1), np.str_("a"), np.bytes_(b"a"), np.void(b"ab"), np.complex64(1), np.ma.masked, np.ma.array([1], mask=[1]), np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]), np.matrix([[1]]), np.poly1d([1, 2]), np.polynomial.Polynomial([1]), np.finfo(np.float64), np.iinfo(np.int8), np.dtype([("a", "i4", (2,))]), np.newaxis, np.vectorize(len), np.s_[1:2], np.nditer, np.broadcast, np.random.PCG64(1)]
""",
    "scorers": """
import numpy as np, sklearn.metrics as m, sklearn.metrics.pairwise as p, functools
from sklearn.preprocessing import FunctionTransformer
from sklearn.feature_selection import SelectKBest, f_classif, chi2, mutual_info_classif, f_regression, r_regression, SelectFromModel, GenericUnivariateSelect
from sklearn.pipeline import make_pipeline, make_union
from sklearn.compose import make_column_selector, make_column_transformer, TransformedTargetRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.neighbors import KNeighborsClassifier
from sklearn.cluster import AgglomerativeClustering, FeatureAgglomeration
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.kernel_approximation import Nystroem
from sklearn.svm import SVC
import scipy.stats
X, y = np.random.RandomState(1).rand(30, 3), np.array([0, 1] * 15)
----
functions: [FunctionTransformer(f) for f in (np.log1p, np.sqrt, np.abs, np.exp, None)] + [FunctionTransformer(np.log1p, inverse_func=np.expm1)]
scores: {name: m.get_scorer(name) for name in m.get_scorer_names()}
made: [m.make_scorer(f) for f in (m.accuracy_score, m.roc_auc_score, m.mean_squared_error, m.r2_score, m.log_loss, m.cohen_kappa_score, m.matthews_corrcoef)]
select: [SelectKBest(f, k=1) for f in (f_classif, chi2, mutual_info_classif, f_regression, r_regression)] + [SelectKBest(functools.partial(mutual_info_classif, random_state=1))]
search: GridSearchCV(Ridge(), {"alpha": [1, 2]}, scoring=m.make_scorer(m.r2_score), cv=2).fit(X, y)
random: RandomizedSearchCV(LogisticRegression(), {"C": scipy.stats.loguniform(0.1, 1), "max_iter": scipy.stats.randint(10, 50)}, n_iter=2, cv=2).fit(X, y)
words: [CountVectorizer(tokenizer=str.split), CountVectorizer(analyzer=str.split), TfidfVectorizer(preprocessor=str.lower)]
kernels: [SVC(kernel=p.rbf_kernel), SVC(kernel=p.linear_kernel), Nystroem(kernel=p.cosine_similarity), KNeighborsClassifier(metric=p.euclidean_distances)]
columns: make_column_transformer((FunctionTransformer(np.log1p), make_column_selector(dtype_include=np.number)))
target: TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1).fit(X, y)
pooling: FeatureAgglomeration(2, pooling_func=np.median).fit(X)
union: make_union(FunctionTransformer(np.abs), SelectKBest(k=1)).fit(X, y)
""",
}


def fitted(model, X, y):
    """The model fitted where that works on such data, else as it was made."""
    for arguments in ((X, y), (X,)):
        try:
            return model.fit(*arguments)
        except Exception:
            continue
    return model


def lines_of(block):
    setup, _, values = block.partition("----\n")
    return setup, [line.partition(": ") for line in values.strip().splitlines()]


def prepared(setup):
    """What the lines before the dashes define. A module that this version lacks costs the values that need it."""
    scope, missing, found = {"fitted": fitted}, None, False
    for statement in ast.parse(setup).body:
        parts = [statement]
        if isinstance(statement, ast.Import):
            parts = [ast.Import(names=[alias]) for alias in statement.names]
        for part in parts:
            try:
                exec(compile(ast.fix_missing_locations(ast.Module([part], [])), "setup", "exec"), scope)
                found = True
            except ImportError as error:
                missing = error
    if missing and not found:
        raise missing
    return scope


def evaluated(expression, scope):
    """The value; of a list those elements that this version can build and pickle."""
    tree = ast.parse(expression, mode="eval").body
    if not isinstance(tree, ast.List) or not tree.elts:
        return eval(expression, scope)
    kept, failed = [], None
    for element in tree.elts:
        try:
            value = eval(compile(ast.Expression(element), "value", "eval"), scope)
            pickle.dumps(value, 2)
            kept.append(value)
        except Exception as error:
            failed = error
    if not kept:
        raise failed
    return kept


def values_of(setup, lines):
    """(name, factory) for each line; a line `*` stands for one value for each class that it lists."""
    scope = prepared(setup)
    made_of = [line for line, _, _ in lines if line.startswith("* -> ")]
    for name, _, expression in lines:
        if name == "*":
            for inner, kind in sorted(eval(expression, scope).items()):
                yield inner, lambda: eval(made_of[0][5:], dict(scope, kind=kind))
        elif not name.startswith("* -> "):
            yield name, lambda: evaluated(expression, scope)


def register(library, block):
    setup, lines = lines_of(block)

    def values():
        for name, make, ways in rotated(values_of(setup, lines)):
            extra = [way for way in (P4, P2) if way not in ways][:1]
            yield name, make, ways + extra + [by_joblib]

    source(library)(values)


for _library, _block in TABLE.items():
    register(_library, _block)
