# -*- coding: utf-8 -*-
"""Honest files of Python 2.7 and the libraries of its time, to measure false positives. Not committed.

    python2.7 honest_python2.py OUT [--only WORD]

Writes OUT/<library>/<name> at protocols 0, 1 and 2, by pickle and by cPickle in turn, and by joblib where it is
installed. A value that cannot be built or pickled is listed in OUT/FAILURES.txt.
"""

from __future__ import print_function

import argparse
import cPickle
import os
import pickle
import warnings

# library -> what to import, and lines of `name: expression`, as in honest_more.py
TABLE = {
    "stdlib": """
import array, collections, datetime, decimal, fractions, os, random, re, time, uuid, UserDict, UserList, UserString, operator, functools, argparse, Queue, sets, StringIO, cStringIO, json, string, ConfigParser, optparse, logging, urlparse, Cookie, email.message, mimetools, xml.etree.ElementTree as ET, itertools, socket, struct, zipfile, urllib2, subprocess, types, math, calendar, difflib, textwrap
----
text: ["caf\\xe9", u"caf\\xe9", "", "a\\nb", u"\\u2603"]
numbers: [0, 2 ** 40, -(2L ** 70), 1.5, 1j, True, None, float("nan")]
containers: [[1], (1, 2), {"a": 1}, set([1]), frozenset([2]), xrange(3), slice(1, 2), bytearray("x"), buffer]
collections: [collections.OrderedDict(a=1), collections.defaultdict(list), collections.Counter("ab"), collections.deque([1], 3)]
user: [UserDict.UserDict(a=1), UserDict.IterableUserDict(a=1), UserList.UserList([1]), UserString.UserString("a")]
times: [datetime.datetime(2012, 1, 2), datetime.date(2012, 1, 2), datetime.timedelta(1), datetime.time(1), time.localtime(0), time.gmtime(0)]
values: [decimal.Decimal("1.5"), fractions.Fraction(1, 3), uuid.UUID(int=3), array.array("d", [1.5]), array.array("c", "ab"), re.compile("a+"), argparse.Namespace(a=1), os.stat("/"), urlparse.urlparse("http://example.org/a")]
random: [random.Random(1), random.getstate()]
errors: [ValueError("x"), IOError(2, "no", "f"), KeyError("k"), OSError(2, "no"), UnicodeDecodeError("utf-8", "x", 0, 1, "b"), StandardError("x"), EnvironmentError(1, "x"), socket.error(1, "x"), struct.error("x"), subprocess.CalledProcessError(1, "c"), urllib2.URLError("x"), Queue.Empty(), zipfile.BadZipfile("x")]
functions: [len, int, sorted, os.path.join, operator.add, math.sqrt, json.dumps, str, unicode, basestring, functools.partial(int, base=2), string.upper, itertools.count(2), reduce, map, zip, cmp, textwrap.dedent]
text-files: [StringIO.StringIO("a"), cStringIO.StringIO("b"), ConfigParser.ConfigParser(), email.message.Message(), Cookie.SimpleCookie("a=1"), optparse.Values({"a": 1}), string.Template("$a")]
trees: [ET.fromstring("<a><b/></a>"), ET.ElementTree(ET.fromstring("<a/>"))]
sets: [sets.Set([1]), sets.ImmutableSet([1])]
""",
    "numpy": """
import numpy as np
----
arrays: [np.arange(3), np.eye(2), np.array(["a", "bc"]), np.array([u"a"]), np.array([1, None], dtype=object), np.zeros(0), np.array(5), np.asfortranarray(np.eye(2))]
scalars: [np.float64(1.5), np.int32(3), np.bool_(True), np.str_("a"), np.datetime64("2012-01-02"), np.complex128(1j), np.void("ab")]
dtypes: [np.dtype("f8"), np.dtype([("a", "i4"), ("b", "S3")]), np.dtype("O"), np.float32, np.dtype("M8[ns]")]
structured: np.array([(1, "x"), (2, "y")], dtype=[("a", "i4"), ("b", "S3")])
records: np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")])
masked: np.ma.array([1, 2], mask=[0, 1])
matrix: np.matrix([[1, 2]])
random: np.random.RandomState(1)
functions: [np.mean, np.sin, np.add, np.median, np.linalg.norm]
polynomial: [np.poly1d([1, 2]), np.polynomial.Polynomial([1, 2])]
objects: np.array([(1, [2])], dtype=[("a", "i4"), ("b", "O")])
""",
    "scipy": """
import numpy as np, scipy.sparse as s, scipy.stats, scipy.interpolate, scipy.spatial, scipy.optimize
----
matrices: [getattr(s, n + "_matrix")(np.eye(3)) for n in "csr csc coo lil dok dia bsr".split()]
frozen: [scipy.stats.norm(0, 1), scipy.stats.gamma(2), scipy.stats.poisson(3), scipy.stats.uniform()]
splines: [scipy.interpolate.interp1d([0, 1], [1, 2]), scipy.interpolate.UnivariateSpline(range(6), range(6)), scipy.interpolate.CubicSpline([0, 1, 2], [1, 0, 1])]
tree: [scipy.spatial.cKDTree(np.eye(3))]
optimum: scipy.optimize.minimize(np.linalg.norm, [1.0])
kde: scipy.stats.gaussian_kde([1.0, 2, 4])
tests: [scipy.stats.ttest_ind([1, 2, 3], [2, 3, 5]), scipy.stats.linregress([1, 2, 3], [1, 2, 4])]
""",
    "pandas": """
import pandas as pd, numpy as np
frame = pd.DataFrame({"a": [1, 2], "b": ["x", u"y"], "c": pd.to_datetime(["2012", "2013"]), "d": [True, False], "e": [1.5, np.nan]})
----
frame: frame
series: [frame.a, frame.b, frame.c]
indexes: [frame.set_index("b"), frame.set_index(["a", "b"]), pd.date_range("2012", periods=3), pd.period_range("2012", periods=3, freq="M"), pd.timedelta_range("1d", periods=2), pd.Index([1.5]), pd.interval_range(0, 2), pd.CategoricalIndex(["a"])]
categories: frame.b.astype("category")
sparse: frame.e.to_sparse()
values: [pd.Timestamp("2012"), pd.Timedelta("1d"), pd.Period("2012", "M"), pd.NaT, pd.Interval(0, 1), pd.Timestamp("2012", tz="Europe/Berlin")]
offsets: [pd.offsets.MonthEnd(), pd.offsets.BDay(2), pd.offsets.Hour(3)]
groups: frame.groupby("d")
pieces: frame.groupby("d").mean()
""",
    "scikit-learn": """
import numpy as np
from sklearn.utils.testing import all_estimators
X, Y = np.abs(np.random.RandomState(1).normal(size=(30, 4))), np.array([0, 1, 2] * 10)
def fit(kind):
    made = kind()
    for arguments in ((X, Y), (X,), (["a b", "b c"] * 15,)):
        try:
            return made.fit(*arguments)
        except Exception:
            continue
    return made
----
*: all_estimators()
* -> fit(kind)
""",
    "networkx": """
import networkx as nx
----
graphs: [nx.path_graph(3), nx.DiGraph([(1, 2)]), nx.MultiGraph([(1, 2)]), nx.MultiDiGraph([(1, 2)])]
""",
    "sympy": """
import sympy as s
x = s.Symbol("x")
----
expressions: [x ** 2 + 1, s.sin(x), s.Rational(1, 3), s.pi, s.Matrix([[x, 1]])]
""",
    "nltk": """
import nltk
tagged = [[("shop", "NN"), ("buys", "VB")]]
----
taggers: [nltk.UnigramTagger(tagged, backoff=nltk.DefaultTagger("NN")), nltk.RegexpTagger([("a", "b")])]
bayes: nltk.NaiveBayesClassifier.train([({"a": 1}, "f"), ({"a": 2}, "m")])
counts: [nltk.FreqDist("abca"), nltk.ConditionalFreqDist([("a", 1)])]
tree: nltk.Tree.fromstring("(S (NP shop))")
stemmers: [nltk.PorterStemmer(), nltk.SnowballStemmer("english")]
""",
}


class Run(object):
    def __init__(self, out):
        self.out, self.failures, self.written = out, [], 0

    def library(self, library, block):
        setup, _, lines = block.partition("----\n")
        scope = {}
        try:
            exec(setup, scope)
        except Exception as error:
            self.failures.append("%s: %s" % (library, error))
            return
        folder = os.path.join(self.out, library)
        if not os.path.isdir(folder):
            os.makedirs(folder)
        lines = [line.partition(": ") for line in lines.strip().splitlines()]
        made_of = [line[5:] for line, _, _ in lines if line.startswith("* -> ")]
        for name, _, expression in lines:
            if name == "*":
                for inner, kind in eval(expression, scope):
                    self.value(folder, inner, made_of[0], dict(scope, kind=kind))
            elif not name.startswith("* -> "):
                self.value(folder, name, expression, scope)

    def value(self, folder, name, expression, scope):
        try:
            value = eval(expression, scope)
        except Exception as error:
            self.failures.append("%s/%s: %s" % (folder, name, error))
            return
        for protocol in (0, 1, 2):
            self.attempt("%s/%s.p%d.pkl" % (folder, name, protocol), by_pickle(value, protocol))
        self.attempt("%s/%s.joblib" % (folder, name), by_joblib(value))

    def attempt(self, path, write):
        try:
            write(path)
            self.written += 1
        except Exception as error:
            self.failures.append("%s: %s" % (path, error))
            if os.path.exists(path):
                os.remove(path)


def by_pickle(value, protocol):
    def write(path):
        library = pickle if protocol == 1 else cPickle
        with open(path, "wb") as file:
            file.write(library.dumps(value, protocol))

    return write


def by_joblib(value):
    def write(path):
        import joblib

        joblib.dump(value, path)

    return write


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    run = Run(options.out)
    for library in sorted(TABLE):
        if options.only in library:
            run.library(library, TABLE[library])
    with open(os.path.join(options.out, "FAILURES.txt"), "w") as file:
        file.write("\n".join(run.failures) + "\n")
    print("%d files, %d failures" % (run.written, len(run.failures)))


if __name__ == "__main__":
    main()
