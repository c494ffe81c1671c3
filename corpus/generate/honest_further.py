"""More libraries for `honest_many.py`. TABLE is values, in the form of `honest_more.py`; SAVED is what a library writes by itself:
each line behind the dashes is `name: expression`, and the expression writes to `path`, a file or folder, and beside it. All that
it leaves there counts. Values go out by pickle and joblib, or by `torch.save` where the library is built on PyTorch.
"""

import os

from honest_more import lines_of, prepared, register
from honest_ways import source

TABLE = {
    "tensorflow": """
import os
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
import tensorflow as tf, numpy as np
X, y = np.random.RandomState(1).rand(16, 3).astype("f4"), np.array([0, 1] * 8)
def fitted_model():
    model = tf.keras.Sequential([tf.keras.layers.Input((3,)), tf.keras.layers.Dense(4, "relu"), tf.keras.layers.Dropout(0.1), tf.keras.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", ["accuracy"])
    return model
def vectors():
    layer = tf.keras.layers.TextVectorization(max_tokens=10, output_sequence_length=4)
    layer.adapt(["a b c", "os system eval"])
    return layer
----
model: fitted_model()
history: fitted_model().fit(np.array(X), np.array(y), epochs=1, verbose=0).history
weights: fitted_model().get_weights()
config: fitted_model().get_config()
recurrent: tf.keras.Sequential([tf.keras.layers.Input((4, 2)), tf.keras.layers.LSTM(3), tf.keras.layers.Dense(1)])
convolution: tf.keras.Sequential([tf.keras.layers.Input((8, 8, 1)), tf.keras.layers.Conv2D(2, 3), tf.keras.layers.BatchNormalization(), tf.keras.layers.Flatten(), tf.keras.layers.Dense(2)])
vectors: {"config": vectors().get_config(), "weights": vectors().get_weights(), "words": vectors().get_vocabulary()}
tensor: [tf.constant([1.0, 2.0]), tf.constant("text"), tf.constant([[1, 2]], tf.int64)]
variable: tf.Variable([1.0, 2.0])
ragged: tf.RaggedTensorSpec([None, None], tf.int32)
shapes: [tf.TensorShape([None, 3]), tf.TensorSpec([None, 3], tf.float32), tf.float32, tf.bfloat16, tf.string]
optimizer: tf.keras.optimizers.Adam(0.1)
schedule: [tf.keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9), tf.keras.losses.BinaryCrossentropy(), tf.keras.metrics.AUC()]
callbacks: [tf.keras.callbacks.EarlyStopping("loss"), tf.keras.callbacks.ReduceLROnPlateau()]
functions: [tf.nn.relu, tf.reduce_mean, tf.keras.activations.relu, tf.math.sin]
""",
    "tf-keras": """
import os
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
import tf_keras as k, numpy as np
from tf_keras.preprocessing.text import Tokenizer
X, y = np.random.RandomState(1).rand(16, 3).astype("f4"), np.array([0, 1] * 8)
def network():
    model = k.Sequential([k.layers.Dense(4, "relu", input_shape=(3,)), k.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", ["accuracy"])
    return model
words = Tokenizer(num_words=10)
words.fit_on_texts(["the shop", "os system eval"])
----
tokenizer: words
sequences: words.texts_to_sequences(["the shop"])
model: network()
fitted: (lambda m: (m.fit(X, y, verbose=0), m)[1])(network())
history: network().fit(X, y, verbose=0)
weights: network().get_weights()
optimizer: k.optimizers.Adam(0.1)
optimizer-state: (lambda m: (m.fit(X, y, verbose=0), [v.numpy() for v in m.optimizer.variables])[1])(network())
layer: k.layers.Dense(2)
images: k.preprocessing.image.ImageDataGenerator(rotation_range=5)
""",
    "scikeras": """
import os
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
import tensorflow as tf, numpy as np, sklearn.pipeline, sklearn.preprocessing
from scikeras.wrappers import KerasClassifier, KerasRegressor
X, y = np.random.RandomState(1).rand(16, 3).astype("f4"), np.array([0, 1] * 8)
network = tf.keras.Sequential([tf.keras.layers.Input((3,)), tf.keras.layers.Dense(1, "sigmoid")])
----
classifier: KerasClassifier(network, loss="binary_crossentropy", epochs=1, verbose=0).fit(X, y)
regressor: KerasRegressor(network, loss="mse", epochs=1, verbose=0).fit(X, y)
pipeline: sklearn.pipeline.make_pipeline(sklearn.preprocessing.StandardScaler(), KerasClassifier(network, loss="binary_crossentropy", epochs=1, verbose=0)).fit(X, y)
""",
    "spacy": """
import spacy, spacy.matcher, spacy.tokens, spacy.training
from spacy.tokens import Doc, DocBin, Span
english = spacy.blank("en")
english.add_pipe("sentencizer")
ruler = english.add_pipe("entity_ruler")
ruler.add_patterns([{"label": "SHOP", "pattern": "shop"}, {"label": "CALL", "pattern": [{"LOWER": "os"}, {"TEXT": {"REGEX": "sys.*"}}]}])
Doc.set_extension("source", default=None, force=True)
def trained(name, labels):
    made = spacy.blank("en")
    pipe = made.add_pipe(name)
    for label in labels:
        pipe.add_label(label)
    made.initialize()
    return made
def matcher():
    made = spacy.matcher.Matcher(english.vocab)
    made.add("A", [[{"LOWER": "shop"}]])
    return made
def phrases():
    made = spacy.matcher.PhraseMatcher(english.vocab, attr="LOWER")
    made.add("A", [english("the shop")])
    return made
----
sentence: english("The shop buys eval and os.system.")
extended: (lambda d: (setattr(d._, "source", "web"), d)[1])(english("The shop buys."))
pair: [english("a shop"), english("c")]
span: english("The shop buys.")[0:2].as_doc()
binary: DocBin(docs=[english("The shop.")], store_user_data=True).to_bytes()
packed: DocBin(docs=[english("The shop.")], store_user_data=True)
words: english.vocab
strings: english.vocab.strings
rules: english
entities: trained("ner", ["A", "B"])
categories: trained("textcat", ["x", "y"])
tagger: trained("tagger", ["NN", "VB"])
parser: trained("parser", ["det", "nsubj"])
vectors: spacy.vectors.Vectors(shape=(2, 3))
matcher: matcher()
phrases: phrases()
languages: [spacy.blank(n).vocab for n in ("de", "fr", "xx")]
example: english("a b").to_json()
german: spacy.blank("de")
tokenizer: spacy.blank("en").tokenizer
training-data: [("The shop", {"entities": [(4, 8, "SHOP")]})]
""",
    "gensim": """
import gensim, numpy as np
from gensim.models import *
from gensim.models import poincare
from gensim.models.phrases import Phrases, Phraser
from gensim.models.word2vec import LineSentence, Text8Corpus
from gensim.models.coherencemodel import CoherenceModel
texts = [["shop", "apple"], ["shop", "pear", "eval"]] * 4
words = gensim.corpora.Dictionary(texts)
bags = [words.doc2bow(t) for t in texts]
----
phraser: Phraser(Phrases(texts, min_count=1))
frozen: Phrases(texts, min_count=1).freeze()
npmi: Phrases(texts, min_count=1, threshold=-1, scoring="npmi")
nmf: Nmf(bags, num_topics=2, id2word=words)
ensemble: EnsembleLda(corpus=bags, id2word=words, num_topics=2, num_models=2, passes=1, ensemble_workers=1, distance_workers=1)
author: AuthorTopicModel(bags, num_topics=2, id2word=words, author2doc={"a": [0, 1], "b": [2, 3]})
sequence: LdaSeqModel(bags, time_slice=[4, 4], id2word=words, num_topics=2, chunksize=1, em_max_iter=1, em_min_iter=1)
multicore: LdaMulticore(bags, num_topics=2, id2word=words, workers=1)
poincare: poincare.PoincareModel([("a", "b"), ("b", "c")], size=2, negative=1)
projections: RpModel(bags, num_topics=2, id2word=words)
entropy: LogEntropyModel(bags)
okapi: [OkapiBM25Model(corpus=bags), LuceneBM25Model(corpus=bags), AtireBM25Model(corpus=bags)]
normal: NormModel(bags)
coherence: CoherenceModel(topics=[["shop", "apple"]], texts=texts, dictionary=words, coherence="c_v")
hash: gensim.corpora.HashDictionary(texts)
sparse: gensim.similarities.SparseMatrixSimilarity(bags, num_features=4)
terms: gensim.similarities.SparseTermSimilarityMatrix(gensim.similarities.UniformTermSimilarityIndex(words), words)
tagged: [doc2vec.TaggedDocument(["a"], [0])]
skip: Word2Vec(texts, vector_size=4, min_count=1, sg=1, hs=1, epochs=1, compute_loss=True)
translation: TranslationMatrix(Word2Vec(texts, vector_size=4, min_count=1, epochs=1).wv, Word2Vec(texts, vector_size=4, min_count=1, epochs=1).wv)
""",
    "dask": """
import dask, dask.array as da, dask.bag as db, dask.dataframe as dd, pandas as pd, numpy as np, operator
frame = pd.DataFrame({"a": [1, 2, 3, 4], "b": list("xyxy")})
----
mean: da.ones((4, 4), chunks=2).mean(axis=0)
product: da.ones((4, 4), chunks=2) @ da.ones((4, 4), chunks=2)
random: da.random.default_rng(1).normal(size=(4,), chunks=2)
slice: da.arange(10, chunks=5)[2:7]
blocks: da.ones((4, 4), chunks=2).map_blocks(np.sqrt)
numbers: db.from_sequence([1, 2, 3]).map(operator.neg).filter(bool).sum()
group: dd.from_pandas(frame, npartitions=2).groupby("b").a.mean()
joined: dd.from_pandas(frame, npartitions=2).merge(dd.from_pandas(frame, npartitions=1), on="b")
chosen: (lambda f: f[f.a > 1].assign(c=f.a * 2))(dd.from_pandas(frame, npartitions=2))
delayed-sum: dask.delayed(sum)([dask.delayed(operator.add)(1, 2), 3])
graph: dask.delayed(operator.add)(1, 2).__dask_graph__()
""",
    "distributed": """
import distributed, distributed.protocol
----
workload: [distributed.protocol.serialize([1, 2]), distributed.Status.running]
""",
    "ray": """
import ray, ray.cloudpickle
from ray import tune
from ray.tune import schedulers
----
space: {"x": tune.uniform(0, 1), "n": tune.randint(1, 5), "c": tune.choice(["a", "b"]), "l": tune.loguniform(1e-4, 1e-1), "g": tune.grid_search([1, 2]), "q": tune.quniform(0, 1, 0.1)}
schedulers: [schedulers.ASHAScheduler(metric="loss", mode="min"), schedulers.MedianStoppingRule(metric="loss", mode="min"), schedulers.HyperBandScheduler(metric="loss", mode="min")]
configs: [ray.tune.RunConfig(name="x"), ray.tune.CheckpointConfig(num_to_keep=1), ray.tune.FailureConfig()]
scaling: __import__("ray.train").train.ScalingConfig(num_workers=2)
checkpoint: ray.tune.Checkpoint.from_directory("/tmp/x")
result: __import__("ray.tune.result_grid").tune.Result(metrics={"loss": 1}, checkpoint=None, error=None, path="x")
identity: [ray.ObjectID.from_random(), ray.JobID.from_int(1)]
stoppers: [ray.tune.stopper.MaximumIterationStopper(3), ray.tune.stopper.TrialPlateauStopper("loss")]
""",
    "rllib": """
import ray
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.algorithms.dqn import DQNConfig
from ray.rllib.policy.sample_batch import SampleBatch
import numpy as np
----
ppo: PPOConfig().environment("CartPole-v1").to_dict()
ppo-config: PPOConfig().environment("CartPole-v1")
dqn-config: DQNConfig().environment("CartPole-v1")
batch: SampleBatch({"obs": np.zeros((2, 3)), "actions": np.zeros(2)})
""",
    "datasets": """
import datasets, numpy as np
d = datasets.Dataset.from_dict({"a": [1, 2, 3, 4], "t": ["x", "os.system", "eval(1)", "y"]})
----
split: d.train_test_split(0.5, seed=1)
mapped: d.map(str, batched=False) if False else d.filter(bool, input_columns="a")
chosen: d.select([0, 2]).shuffle(seed=1)
formatted: d.with_format("numpy")
columns: d.rename_column("a", "b").remove_columns("t")
iterable: d.to_iterable_dataset()
feature-kinds: datasets.Features({"image": datasets.Image(), "audio": datasets.Audio(), "seq": datasets.Sequence(datasets.Value("int32")), "tr": datasets.Translation(["en", "de"]), "arr": datasets.Array2D((2, 2), "float32")})
records: [datasets.DatasetInfo(description="x", features=datasets.Features({"a": datasets.Value("int64")})), datasets.SplitInfo("train", 1, 2), datasets.Version("1.0.0")]
splits: datasets.SplitDict({"train": datasets.SplitInfo("train", 1, 2)})
names: [datasets.Split.TRAIN, datasets.NamedSplit("x")]
concatenated: datasets.concatenate_datasets([d, d])
interleaved: datasets.interleave_datasets([d, d])
""",
    "evaluate": """
import evaluate, datasets
----
info: evaluate.EvaluationModuleInfo(description="x", citation="", features=datasets.Features({"predictions": datasets.Value("int64"), "references": datasets.Value("int64")}))
evaluator: evaluate.TextClassificationEvaluator()
""",
    "pymc": """
import pymc as pm, numpy as np, cloudpickle
def model():
    with pm.Model() as made:
        a = pm.Normal("a", 0, 1)
        pm.Normal("b", a, 1, observed=np.zeros(3))
    return made
def trace():
    with model():
        return pm.sample(5, tune=5, chains=1, progressbar=False, random_seed=1, compute_convergence_checks=False)
----
trace: trace()
prior: pm.sample_prior_predictive(5, model(), random_seed=1)
model: cloudpickle.dumps(model())
""",
    "arviz": """
import arviz, numpy as np
----
groups: arviz.from_dict(posterior={"a": np.ones((2, 10)), "b": np.ones((2, 10, 3))})
""",
    "mlflow": """
import mlflow, mlflow.models, mlflow.types, numpy as np, pandas as pd
from mlflow.types import Schema, ColSpec, TensorSpec
----
schema: [Schema([ColSpec("double", "a"), ColSpec("string", "b")]), Schema([TensorSpec(np.dtype("float32"), (-1, 3))])]
signature: mlflow.models.infer_signature(pd.DataFrame({"a": [1.0]}), np.array([1]))
model: mlflow.models.Model(run_id="x")
entities: [mlflow.entities.Metric("a", 1.0, 0, 0), mlflow.entities.Param("a", "b"), mlflow.entities.RunTag("a", "b")]
""",
    "prophet": """
import prophet, pandas as pd, numpy as np
frame = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=60), "y": np.arange(60.0)})
----
fitted: prophet.Prophet(uncertainty_samples=0).fit(frame)
holidays: prophet.Prophet(holidays=pd.DataFrame({"holiday": "x", "ds": pd.to_datetime(["2024-01-10"])})).add_seasonality("m", 30, 3).fit(frame)
""",
    "nltk": """
import nltk, nltk.sentiment, nltk.tokenize.punkt as punkt, nltk.tag.perceptron as perceptron
from nltk.corpus.reader.util import *
tagged = [[("shop", "NN"), ("buys", "VB")], [("a", "DT"), ("pear", "NN")]] * 3
def trainer():
    made = punkt.PunktTrainer()
    made.train("The shop, e.g. here. It buys. Dr. A. sells eval.", finalize=False)
    return made
def average():
    made = perceptron.PerceptronTagger(load=False)
    made.train(tagged, nr_iter=1)
    return made
----
punkt-tokenizer: punkt.PunktSentenceTokenizer("The shop, e.g. here. It buys. Dr. A. sells.")
punkt-trainer: trainer()
punkt-parameters: trainer().get_params()
perceptron: average()
perceptron-weights: (average().model.weights, average().tagdict, average().classes)
hmm: nltk.tag.hmm.HiddenMarkovModelTrainer().train_supervised(tagged)
tnt: (lambda t: (t.train(tagged), t)[1])(nltk.tag.tnt.TnT())
brill: nltk.tag.brill_trainer.BrillTaggerTrainer(nltk.UnigramTagger(tagged), nltk.tag.brill.fntbl37()).train(tagged, max_rules=2)
affix: nltk.AffixTagger(tagged)
classifier: nltk.tag.sequential.ClassifierBasedPOSTagger(train=tagged)
chunker: nltk.RegexpParser("NP: {<DT>?<NN>}")
trees: [nltk.Tree.fromstring("(S (NP a) (VP b))"), nltk.ParentedTree.fromstring("(S (NP a) (VP b))")]
grammar-plain: nltk.CFG.fromstring("S -> 'a' S | 'b'")
probabilities: nltk.PCFG.fromstring("S -> 'a' [0.5] | 'b' [0.5]")
parser: nltk.ChartParser(nltk.CFG.fromstring("S -> 'a' S | 'b'"))
stemmers: [nltk.PorterStemmer(), nltk.SnowballStemmer("english"), nltk.LancasterStemmer(), nltk.WordNetLemmatizer()]
tokenizers: [nltk.TreebankWordTokenizer(), nltk.RegexpTokenizer("[a-z]+"), nltk.TweetTokenizer(), nltk.WordPunctTokenizer(), nltk.tokenize.ToktokTokenizer(), nltk.MWETokenizer([("a", "b")])]
models: [nltk.lm.MLE(2), nltk.lm.Laplace(2), nltk.lm.Vocabulary(["a"])]
distributions: [nltk.MLEProbDist(nltk.FreqDist("abc")), nltk.LidstoneProbDist(nltk.FreqDist("abc"), 0.1), nltk.ConditionalFreqDist([("a", 1)])]
text: nltk.Text(["a", "b", "eval"])
collocations: nltk.BigramCollocationFinder.from_words(["a", "b", "a", "b"])
sentiment: nltk.sentiment.SentimentAnalyzer()
""",
    "statsmodels": """
import numpy as np, pandas as pd, statsmodels.api as sm, statsmodels.formula.api as smf
from statsmodels.tsa.api import *
from statsmodels.tsa.ar_model import AutoReg
from statsmodels.tsa.seasonal import STL
from statsmodels.nonparametric.api import KDEUnivariate, KDEMultivariate, KernelReg
r = np.random.RandomState(1)
y = pd.Series(np.cumsum(r.rand(48)), pd.period_range("2020-01", periods=48, freq="M"))
frame = pd.DataFrame({"y": r.rand(40), "x": r.rand(40), "g": list("abcd") * 10, "c": r.poisson(2, 40)})
----
arima-months: sm.tsa.ARIMA(y, order=(1, 1, 0)).fit()
autoregression: AutoReg(y, 1).fit()
holt: Holt(y, initialization_method="estimated").fit()
simple: SimpleExpSmoothing(y, initialization_method="estimated").fit()
ets: ETSModel(y).fit(disp=0, maxiter=2)
seasonal: seasonal_decompose(y.to_timestamp(), period=12)
stl: STL(y.to_timestamp(), period=12).fit()
components: UnobservedComponents(y, "local level").fit(disp=0, maxiter=2)
varmax: VARMAX(r.rand(40, 2), order=(1, 0)).fit(disp=0, maxiter=1)
factor: DynamicFactor(r.rand(40, 2), k_factors=1, factor_order=1).fit(disp=0, maxiter=1)
switching: sm.tsa.MarkovRegression(r.rand(40), k_regimes=2).fit(maxiter=2)
mixed: smf.mixedlm("y ~ x", frame, groups=frame["g"]).fit()
equations: smf.gee("y ~ x", "g", frame).fit()
negative: sm.NegativeBinomial(frame["c"], sm.add_constant(frame["x"])).fit(disp=0, maxiter=3)
multinomial: sm.MNLogit(frame["c"].clip(0, 2), sm.add_constant(frame["x"])).fit(disp=0, maxiter=3)
ordered: __import__("statsmodels.miscmodels.ordinal_model").miscmodels.ordinal_model.OrderedModel(frame["c"].clip(0, 2), frame[["x"]], distr="logit").fit(disp=0, maxiter=3)
categorical: smf.ols("y ~ C(g) + np.log1p(x)", frame).fit()
poisson: smf.poisson("c ~ x", frame).fit(disp=0)
wls: sm.WLS(frame["y"], sm.add_constant(frame["x"])).fit()
density: [KDEUnivariate(frame["y"]), KDEMultivariate(frame[["x"]], "c")]
additive: __import__("statsmodels.gam.api").gam.api.GLMGam.from_formula("y ~ x", frame, smoother=__import__("statsmodels.gam.api").gam.api.BSplines(frame[["x"]], df=[5], degree=[3])).fit()
components-principal: sm.PCA(r.rand(20, 3), 2)
hazards: sm.PHReg(frame["y"], frame[["x"]]).fit()
""",
    "boosting": """
import xgboost, lightgbm, catboost, numpy as np, pandas as pd
X, y = np.random.RandomState(1).rand(40, 3), np.array([0, 1] * 20)
F = pd.DataFrame(X, columns=list("abc")).assign(k=pd.Categorical(list("xy") * 20))
----
lightgbm-categories: lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(F, y)
lightgbm-dart: lightgbm.LGBMRegressor(boosting_type="dart", n_estimators=2, verbose=-1).fit(X, y, eval_set=[(X, y)])
lightgbm-cv: lightgbm.cv({"verbose": -1, "objective": "binary"}, lightgbm.Dataset(X, y), 2, nfold=2)
lightgbm-callbacks: [lightgbm.early_stopping(3), lightgbm.log_evaluation(0), lightgbm.record_evaluation({})]
xgboost-categories: xgboost.XGBClassifier(n_estimators=2, enable_categorical=True).fit(F, y)
xgboost-early: xgboost.XGBClassifier(n_estimators=3, early_stopping_rounds=1, callbacks=[xgboost.callback.EarlyStopping(1)]).fit(X, y, eval_set=[(X, y)], verbose=0)
xgboost-dart: xgboost.XGBRegressor(booster="dart", n_estimators=2).fit(X, y)
catboost-ranker: catboost.CatBoostRanker(iterations=2, verbose=0, allow_writing_files=False).fit(X, y, group_id=np.repeat([0, 1], 20))
catboost-features: catboost.CatBoostClassifier(iterations=2, verbose=0, cat_features=["k"], allow_writing_files=False).fit(F, y)
""",
    "networkx": """
import networkx as nx
----
graph-attributes: nx.Graph([(1, 2, {"weight": 0.5, "f": "eval"})])
generated: [nx.gnp_random_graph(5, 0.5, seed=1), nx.grid_2d_graph(2, 2), nx.balanced_tree(2, 2)]
frozen-graph: nx.freeze(nx.path_graph(3))
planar: nx.check_planarity(nx.path_graph(3))[1]
""",
}

SAVED = {
    "tensorflow": """
import os
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
import tensorflow as tf, numpy as np
def network():
    model = tf.keras.Sequential([tf.keras.layers.Input((3,)), tf.keras.layers.Dense(2, "relu"), tf.keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model
def fitted():
    model = network()
    model.fit(np.ones((4, 3)), np.ones(4), verbose=0)
    return model
----
keras: fitted().save(path + ".keras")
h5: fitted().save(path + ".h5")
weights: fitted().save_weights(path + ".weights.h5")
exported: fitted().export(path)
saved-model: tf.saved_model.save(network(), path)
checkpoint: tf.train.Checkpoint(model=network()).save(path)
json: open(path + ".json", "w").write(network().to_json())
""",
    "tf-keras": """
import os
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
import tf_keras as k
def network():
    model = k.Sequential([k.layers.Dense(2, "relu", input_shape=(3,)), k.layers.Dense(1)])
    model.compile("adam", "mse")
    return model
----
h5: network().save(path + ".h5")
keras: network().save(path + ".keras")
folder: network().save(path, save_format="tf")
weights: network().save_weights(path)
""",
    "spacy": """
import spacy
from spacy.tokens import DocBin
def trained(name, labels):
    made = spacy.blank("en")
    pipe = made.add_pipe(name)
    for label in labels:
        pipe.add_label(label)
    made.initialize()
    return made
english = spacy.blank("en")
english.add_pipe("entity_ruler").add_patterns([{"label": "SHOP", "pattern": "shop"}])
----
blank: english.to_disk(path)
entities: trained("ner", ["A", "B"]).to_disk(path)
categories: trained("textcat", ["x", "y"]).to_disk(path)
documents: DocBin(docs=[english("The shop buys eval.")], store_user_data=True).to_disk(path + ".spacy")
vocabulary: english.vocab.to_disk(path)
document: english("a b").to_disk(path + ".doc")
config: english.config.to_disk(path + ".cfg")
""",
    "gensim": """
import gensim
from gensim.models import *
texts = [["shop", "apple"], ["shop", "pear", "eval"]] * 4
words = gensim.corpora.Dictionary(texts)
bags = [words.doc2bow(t) for t in texts]
vectors = Word2Vec(texts, vector_size=4, min_count=1, epochs=1)
----
word2vec: vectors.save(path + ".model", sep_limit=0)
vectors: vectors.wv.save(path + ".kv", sep_limit=0)
fast-text: FastText(texts, vector_size=4, min_count=1, epochs=1, bucket=10).save(path + ".model", sep_limit=0)
doc2vec: Doc2Vec([doc2vec.TaggedDocument(t, [i]) for i, t in enumerate(texts)], vector_size=4, min_count=1, epochs=1).save(path + ".d2v", sep_limit=0)
lda: LdaModel(bags, num_topics=2, id2word=words).save(path + ".lda")
lsi: LsiModel(bags, num_topics=2, id2word=words).save(path + ".lsi")
nmf: Nmf(bags, num_topics=2, id2word=words).save(path)
phrases: Phrases(texts, min_count=1).save(path)
tfidf: TfidfModel(bags).save(path)
dictionary: words.save(path + ".dict")
dictionary-text: words.save_as_text(path + ".txt")
market: gensim.corpora.MmCorpus.serialize(path + ".mm", bags)
blei: gensim.corpora.BleiCorpus.serialize(path + ".lda-c", bags)
shards: gensim.similarities.Similarity(path, bags, num_features=4, shardsize=4).save(path + ".index")
matrix: gensim.similarities.MatrixSimilarity(bags, num_features=4).save(path + ".index", sep_limit=0)
sparse: gensim.similarities.SparseMatrixSimilarity(bags, num_features=4).save(path + ".index", sep_limit=0)
binary: vectors.wv.save_word2vec_format(path + ".bin", binary=True)
text: vectors.wv.save_word2vec_format(path + ".txt")
compressed: vectors.save(path + ".model.gz")
""",
    "datasets": """
import datasets
d = datasets.Dataset.from_dict({"a": [1, 2], "t": ["x", "os.system"]})
----
folder: d.save_to_disk(path)
group: datasets.DatasetDict({"train": d, "test": d}).save_to_disk(path)
table: d.to_parquet(path + ".parquet")
lines: d.to_json(path + ".jsonl")
csv: d.to_csv(path + ".csv")
""",
    "mlflow": """
import mlflow, mlflow.sklearn, mlflow.pyfunc, numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(np.random.RandomState(1).rand(20, 3), [0, 1] * 10)
----
sklearn: mlflow.sklearn.save_model(model, path, serialization_format="cloudpickle")
sklearn-pickle: mlflow.sklearn.save_model(model, path, serialization_format="pickle")
sklearn-default: mlflow.sklearn.save_model(model, path)
signature: mlflow.sklearn.save_model(model, path, serialization_format="cloudpickle", signature=mlflow.models.infer_signature(np.ones((2, 3)), np.ones(2)), input_example=np.ones((2, 3)))
python: mlflow.pyfunc.save_model(path, python_model=type("Model", (mlflow.pyfunc.PythonModel,), {"predict": lambda self, context, model_input: model_input})())
""",
    "boosting": """
import xgboost, lightgbm, catboost, numpy as np
X, y = np.random.RandomState(1).rand(40, 3), np.array([0, 1] * 20)
forest = xgboost.XGBClassifier(n_estimators=2).fit(X, y)
trees = lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(X, y)
cats = catboost.CatBoostClassifier(iterations=2, verbose=0, allow_writing_files=False).fit(X, y)
----
xgboost-json: forest.save_model(path + ".json")
xgboost-ubj: forest.save_model(path + ".ubj")
xgboost-matrix: xgboost.DMatrix(X, y).save_binary(path + ".buffer")
lightgbm-text: trees.booster_.save_model(path + ".txt")
lightgbm-data: lightgbm.Dataset(X, y).save_binary(path + ".bin")
catboost-binary: cats.save_model(path + ".cbm")
catboost-json: cats.save_model(path + ".json", format="json")
""",
    "optuna": """
import optuna
optuna.logging.set_verbosity(50)
def run(storage):
    study = optuna.create_study(storage=storage)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), 3)
----
journal: run(optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(path + ".log")))
database: run("sqlite:///" + path + ".db")
pickled: __import__("pickle").dump(optuna.create_study(storage="sqlite:///" + path + ".db"), open(path + ".pkl", "wb"))
""",
    "statsmodels": """
import numpy as np, statsmodels.api as sm
r = np.random.RandomState(1)
----
ols: sm.OLS(r.rand(20), sm.add_constant(r.rand(20, 2))).fit().save(path + ".pickle")
arima: sm.tsa.ARIMA(r.rand(30), order=(1, 0, 0)).fit().save(path + ".pkl", remove_data=True)
""",
    "implicit": """
import implicit, scipy.sparse, numpy as np
ratings = scipy.sparse.csr_matrix(np.random.RandomState(1).randint(0, 2, (8, 6)).astype("f4"))
def made(kind, **options):
    model = kind(**options)
    model.fit(ratings, show_progress=False)
    return model
----
factors: made(implicit.als.AlternatingLeastSquares, factors=2, iterations=1).save(path + ".npz")
bayes: made(implicit.bpr.BayesianPersonalizedRanking, factors=2, iterations=1).save(path + ".npz")
items: made(implicit.nearest_neighbours.CosineRecommender).save(path + ".npz")
""",
    "surprise": """
import surprise, pandas as pd
from surprise import dump
frame = pd.DataFrame({"u": list("abcabc"), "i": list("xyzyzx"), "r": [1, 2, 3, 4, 5, 1]})
data = surprise.Dataset.load_from_df(frame, surprise.Reader(rating_scale=(1, 5))).build_full_trainset()
----
svd: dump.dump(path, algo=surprise.SVD(2, 2).fit(data))
predictions: dump.dump(path, surprise.SVD(2, 2).fit(data).test(data.build_testset()), surprise.KNNBasic(verbose=False).fit(data))
""",
    "networkx": """
import networkx as nx
g = nx.karate_club_graph()
----
graphml: nx.write_graphml(g, path + ".graphml")
gml: nx.write_gml(g, path + ".gml")
gexf: nx.write_gexf(g, path + ".gexf")
edges: nx.write_edgelist(g, path + ".txt")
""",
    "accelerate": """
import accelerate, torch
def prepared():
    accelerator = accelerate.Accelerator(cpu=True)
    net = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(net.parameters())
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(4, 2)), batch_size=2, shuffle=True)
    net, optimizer, _, loader = accelerator.prepare(net, optimizer, torch.optim.lr_scheduler.StepLR(optimizer, 1), loader)
    for (batch,) in loader:
        accelerator.backward(net(batch).sum())
        optimizer.step()
    accelerator.register_for_checkpointing(torch.optim.lr_scheduler.StepLR(torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], 0.1), 1))
    return accelerator
----
state: prepared().save_state(path)
pickled: prepared().save_state(path, safe_serialization=False)
model: accelerate.Accelerator(cpu=True).save_model(torch.nn.Linear(2, 2), path, safe_serialization=False)
""",
    "transformers": """
import torch, transformers, datasets
config = transformers.BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, vocab_size=16, max_position_embeddings=8)
rows = [{"input_ids": torch.tensor([1, 2]), "labels": torch.tensor(1)}] * 4
def train(path):
    options = transformers.TrainingArguments(path, report_to=[], use_cpu=True, max_steps=2, save_steps=1, per_device_train_batch_size=2)
    transformers.Trainer(transformers.BertForSequenceClassification(config), options, train_dataset=rows).train()
----
trainer: train(path)
model: torch.save(transformers.BertForSequenceClassification(config).state_dict(), path + "pytorch_model.bin")
""",
    "deepspeed": """
import torch, argparse
from collections import OrderedDict
from deepspeed.runtime.fp16.loss_scaler import LossScaler, DynamicLossScaler
from deepspeed.runtime.zero.config import ZeroStageEnum
from deepspeed.utils.tensor_fragment import fragment_address
net = torch.nn.Linear(2, 2)
state = OrderedDict((k, v.half()) for k, v in net.state_dict().items())
optimizer = torch.optim.AdamW(net.parameters())
net(torch.ones(1, 2)).sum().backward()
optimizer.step()
shared = {"ds_config": {"train_batch_size": 1, "zero_optimization": {"stage": 2}}, "ds_version": "0.16.0"}
arguments = argparse.Namespace(lr=0.1, local_rank=0, params_dtype=torch.float16, command="eval", tensor_model_parallel_size=1)
----
model: torch.save(dict(shared, module=state, buffer_names=[], optimizer=None, param_shapes=[OrderedDict((k, v.shape) for k, v in state.items())], frozen_param_shapes=None, shared_params={}, frozen_param_fragments=None, lr_scheduler={"step": 1}, data_sampler=None, random_ltd=None, sparse_tensor_module_names=set(), skipped_steps=0, global_steps=1, global_samples=2, dp_world_size=1, mp_world_size=1, args=arguments, client_lr_scheduler=None), path + "mp_rank_00_model_states.pt")
zero: torch.save(dict(shared, optimizer_state_dict={"loss_scaler": DynamicLossScaler(2 ** 16, 2.0, 1000, 1, 1, True, torch.float16), "dynamic_loss_scale": True, "overflow": False, "clip_grad": 1.0, "base_optimizer_state": optimizer.state_dict()["state"], "single_partition_of_fp32_groups": [torch.ones(4)], "zero_stage": ZeroStageEnum.gradients, "group_paddings": [0], "partition_count": [1], "ds_version": "0.16.0", "param_slice_mappings": [OrderedDict(weight=fragment_address(numel=4, start=0))]}), path + "zero_pp_rank_0_mp_rank_00_optim_states.pt")
static: torch.save(dict(shared, optimizer_state_dict={"loss_scaler": LossScaler(1.0), "zero_stage": ZeroStageEnum.weights, "partition_count": 1, "fp32_flat_groups": [torch.ones(4)]}), path + "bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt")
layer: torch.save(state, path + "layer_01-model_00-model_states.pt")
""",
    "megatron": """
import torch, argparse
from megatron.core.enums import ModelType
from megatron.core.transformer.enums import AttnBackend, AttnMaskType, AttnType
from megatron.core.transformer import TransformerConfig
from megatron.core.rerun_state_machine import RerunMode, RerunState
arguments = argparse.Namespace(num_layers=2, params_dtype=torch.bfloat16, attention_backend=AttnBackend.auto, model_type=ModelType.encoder_or_decoder, lr=0.1)
random = {"random_rng_state": __import__("random").getstate(), "np_rng_state": __import__("numpy").random.get_state(), "torch_rng_state": torch.get_rng_state(), "cuda_rng_state": torch.get_rng_state(), "rng_tracker_states": {}}
----
model: torch.save({"args": arguments, "checkpoint_version": 3.0, "iteration": 1, "model": torch.nn.Linear(2, 2).state_dict(), "rng_state": [random], "num_floating_point_operations_so_far": 1, "opt_param_scheduler": {"max_lr": 0.1}}, path + "model_optim_rng.pt")
config: torch.save(TransformerConfig(num_layers=2, hidden_size=8, num_attention_heads=2), path + ".pt")
states: torch.save([RerunMode.DISABLED, RerunState.NOT_RUNNING_YET, AttnMaskType.causal], path + ".pt")
""",
    "fairseq": """
import torch, argparse, omegaconf
arguments = argparse.Namespace(arch="transformer_iwslt_de_en", lr=[0.0005], criterion="label_smoothed_cross_entropy", optimizer="adam", adam_betas="(0.9, 0.98)", user_dir=None)
state = {"model": torch.nn.Linear(2, 2).state_dict(), "optimizer_history": [{"criterion_name": "CrossEntropyCriterion", "optimizer_name": "FairseqAdam", "lr_scheduler_state": {"best": None}, "num_updates": 1}], "extra_state": {"train_iterator": {"epoch": 1, "iterations_in_epoch": 0, "shuffle": True}, "metrics": {"default": []}, "val_loss": 1.0}, "last_optimizer_state": None, "task_state": {}}
----
arguments: torch.save(dict(state, args=arguments), path + ".pt")
config: torch.save(dict(state, args=None, cfg=omegaconf.OmegaConf.create({"_name": None, "common": {"seed": 1, "user_dir": "${model.arch}"}, "model": {"_name": "wav2vec2", "arch": "x"}, "task": arguments.__dict__})), path + ".pt")
plain: torch.save(dict(state, args=None, cfg={"model": arguments, "common": {"seed": 1}}), path + ".pt")
""",
    "mmengine": """
import torch, mmengine, tempfile
from mmengine.model import BaseModel
from mmengine.logging import MessageHub
from mmengine.runner import Runner
from mmengine.structures import InstanceData, LabelData, PixelData, BaseDataElement
from mmengine.logging import HistoryBuffer
from mmengine.config import Config, ConfigDict
def hub():
    made = MessageHub.get_instance("saved")
    made.update_scalar("train/loss", 0.5)
    made.update_info("epoch", 1)
    return made.state_dict()
class Net(BaseModel):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)
    def forward(self, inputs, data_sample=None, mode="tensor"):
        return {"loss": self.layer(inputs).sum()} if mode == "loss" else self.layer(inputs)
def run(path):
    data = [dict(inputs=torch.ones(2), data_sample=torch.ones(1))] * 4
    Runner(Net(), path, train_dataloader=dict(dataset=data, sampler=dict(type="DefaultSampler"), batch_size=2, num_workers=0), train_cfg=dict(by_epoch=True, max_epochs=1), optim_wrapper=dict(optimizer=dict(type="SGD", lr=0.1)), param_scheduler=dict(type="StepLR", step_size=1), default_hooks=dict(checkpoint=dict(type="CheckpointHook", interval=1)), experiment_name="x").train()
----
runner: run(path)
hub: torch.save({"meta": {"epoch": 1, "iter": 2, "cfg": "x = 1", "seed": 1, "dataset_meta": {"classes": ("a",)}, "hook_msgs": {}}, "state_dict": Net().state_dict(), "message_hub": hub(), "param_schedulers": [{"step_size": 1, "last_step": 1}]}, path + ".pth")
elements: torch.save([InstanceData(boxes=torch.ones(1, 4), labels=torch.ones(1)), LabelData(item=torch.ones(2)), PixelData(map=torch.ones(1, 2, 2)), BaseDataElement(metainfo=dict(img_shape=(1, 2)))], path + ".pth")
history: torch.save({"loss": HistoryBuffer([1, 2], [1, 1])}, path + ".pth")
results: mmengine.dump([{"pred_instances": {"labels": torch.ones(1), "bboxes": torch.ones(1, 4)}, "img_path": "a.jpg"}], path + ".pkl")
config: torch.save({"meta": {"config": Config(dict(model=dict(type="X"))).pretty_text, "CLASSES": ("a",)}, "state_dict": {}}, path + ".pth")
config-object: torch.save(Config(dict(model=dict(type="X"))), path + ".pth")
config-dict: torch.save(ConfigDict(a=1, b=dict(c=2)), path + ".pth")
""",
    "fvcore": """
import torch, pickle, numpy as np
from fvcore.common.checkpoint import Checkpointer
from fvcore.common.config import CfgNode
from fvcore.common.param_scheduler import CosineParamScheduler, MultiStepParamScheduler
from fvcore.common.history_buffer import HistoryBuffer
net = torch.nn.Linear(2, 2)
optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
----
checkpoint: Checkpointer(net, __import__("os").path.dirname(path), optimizer=optimizer, scheduler=torch.optim.lr_scheduler.StepLR(optimizer, 1)).save("model_final", iteration=5)
zoo: pickle.dump({"model": {"stem.weight": np.ones((2, 2), "f4")}, "__author__": "Third Party", "matching_heuristics": True}, open(path + ".pkl", "wb"))
config: torch.save(CfgNode({"MODEL": {"A": 1}}), path + ".pth")
schedule: torch.save([CosineParamScheduler(1, 0), MultiStepParamScheduler([1, 0.1], milestones=[1, 2])], path + ".pth")
history: pickle.dump(HistoryBuffer(10), open(path + ".pkl", "wb"))
""",
    "lightning": """
import torch, lightning
class Net(lightning.LightningModule):
    def __init__(self, width=2):
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(width, 1)
    def training_step(self, batch, index):
        return self.layer(batch[0]).sum()
    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters())
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1)]
def trained(path):
    trainer = lightning.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_progress_bar=False, default_root_dir=path, callbacks=[lightning.pytorch.callbacks.EarlyStopping("x", strict=False)])
    trainer.fit(Net(), torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(4, 2)), 2))
    return trainer
----
checkpoint: trained(path).save_checkpoint(path + ".ckpt")
weights: trained(path).save_checkpoint(path + "2.ckpt", weights_only=True)
""",
    "skorch": """
import torch, skorch, numpy as np
X, y = np.random.rand(20, 3).astype("float32"), np.random.rand(20, 1).astype("float32")
net = skorch.NeuralNetRegressor(torch.nn.Linear, module__in_features=3, module__out_features=1, max_epochs=1, verbose=0, callbacks=[skorch.callbacks.EarlyStopping(), skorch.callbacks.LRScheduler("StepLR", step_size=1)]).fit(X, y)
----
parameters: net.save_params(f_params=path + ".pt", f_optimizer=path + "opt.pt", f_history=path + ".json", f_criterion=path + "crit.pt")
whole: __import__("pickle").dump(net, open(path + ".pkl", "wb"))
""",
    "sentence-transformers": """
import sentence_transformers as s
from sentence_transformers import models
----
folder: s.SentenceTransformer(modules=[models.BoW(["a", "b"]), models.Dense(2, 2)], device="cpu").save(path, safe_serialization=False)
""",
    "rllib": """
import ray
from ray.rllib.algorithms.ppo import PPOConfig
ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
def ppo():
    return PPOConfig().environment("CartPole-v1").env_runners(num_env_runners=0).build_algo()
----
ppo: ppo().save_to_path(path)
""",
}


def register_saved(library, block):
    setup, lines = lines_of(block)

    def values():
        scope = prepared(setup)
        for name, _, expression in lines:
            yield name, lambda: expression, [saving(scope)]

    source(library)(values)


def saving(scope):
    """Runs the expression with `path` in a folder of its own, which is what was written."""

    def write(expression, path):
        os.makedirs(path, exist_ok=True)
        eval(expression, dict(scope, path=os.path.join(path, "saved")))
        return path

    return write


for _library, _block in TABLE.items():
    register(_library, _block)
for _library, _block in SAVED.items():
    register_saved(_library, _block)
