"""Lists functions of a library whose body hands a parameter to something harmful, without importing anything.

    python3 rules/grow/sweep.py OUT.csv FOLDER=PACKAGE|FOLDER= ...

`FOLDER=` names a folder that holds modules (the standard library), `FOLDER=x` one that is a package itself. A name
that the module imports is followed to its origin, assignments carry taint inside a function, and calls of functions
of the same module or of `self` carry effects three steps far. The result has the columns of a gadget list and is
meant for benches/quality/gadgets.py: whatever is not dangerous there is a gap, or a candidate to review.
"""

import ast,sys,os,csv,pathlib
SINKS={}
for e,names in {'exec-process':'os.system os.popen subprocess.Popen subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.getoutput subprocess.getstatusoutput os.execv os.execvp os.execve os.execvpe os.spawnv os.spawnl os.spawnvp os.startfile pty.spawn asyncio.create_subprocess_exec asyncio.create_subprocess_shell os.posix_spawn',
 'exec-code':'eval exec compile runpy.run_path runpy.run_module execfile code.interact builtins.exec builtins.eval types.FunctionType marshal.loads',
 'import-module':'__import__ importlib.import_module importlib.util.spec_from_file_location pkgutil.resolve_name importlib.util.module_from_spec imp.load_source',
 'deserialize':'pickle.load pickle.loads pickle.Unpickler cPickle.loads cPickle.load marshal.load torch.load joblib.load dill.loads cloudpickle.loads yaml.load numpy.load shelve.open',
 'file-read':'open io.open codecs.open os.open tokenize.open gzip.open bz2.open lzma.open zipfile.ZipFile tarfile.open io.FileIO os.listdir os.scandir os.walk',
 'file-write':'os.rename os.replace os.mkdir os.makedirs shutil.copy shutil.copyfile shutil.move shutil.copytree os.symlink os.link os.chmod os.chown tempfile.mkstemp',
 'file-delete':'os.remove os.unlink os.rmdir shutil.rmtree os.removedirs',
 'network':'urllib.request.urlopen urllib.request.urlretrieve socket.socket socket.create_connection requests.get requests.post http.client.HTTPConnection ftplib.FTP smtplib.SMTP',
 'dynamic-lib-load':'ctypes.CDLL ctypes.cdll.LoadLibrary ctypes.PyDLL imp.load_dynamic'}.items():
    for n in names.split(): SINKS[n]=e
RANK='exec-process exec-code deserialize dynamic-lib-load import-module network file-delete file-write file-read'.split()
def dotted(n):
    if isinstance(n,ast.Name): return n.id
    if isinstance(n,ast.Attribute):
        b=dotted(n.value); return b and b+'.'+n.attr
def scan(path,mod,out):
    try: tree=ast.parse(path.read_text(errors='replace'))
    except Exception: return
    imp={}
    for n in ast.walk(tree):
        if isinstance(n,ast.Import):
            for a in n.names:
                if a.asname: imp[a.asname]=a.name
                else: imp[a.name.split('.')[0]]=a.name.split('.')[0]
        elif isinstance(n,ast.ImportFrom) and n.module and not n.level:
            for a in n.names: imp[a.asname or a.name]=n.module+'.'+a.name
    funcs={}
    def visit(body,prefix):
        for n in body:
            if isinstance(n,(ast.FunctionDef,ast.AsyncFunctionDef)): funcs[prefix+n.name]=n
            elif isinstance(n,ast.ClassDef): visit(n.body,prefix+n.name+'.')
            elif isinstance(n,(ast.If,ast.Try)): visit(n.body+getattr(n,'orelse',[]),prefix)
    visit(tree.body,'')
    eff={}; calls={}
    for q,f in funcs.items():
        params={a.arg for a in f.args.args+f.args.kwonlyargs+f.args.posonlyargs}
        if f.args.vararg: params.add(f.args.vararg.arg)
        taint=set(params)
        for _ in range(2):
            for n in ast.walk(f):
                if isinstance(n,ast.Assign) and any(isinstance(x,ast.Name) and x.id in taint for x in ast.walk(n.value)):
                    for t in n.targets:
                        for x in ast.walk(t):
                            if isinstance(x,ast.Name): taint.add(x.id)
        cs=set()
        for n in ast.walk(f):
            if not isinstance(n,ast.Call): continue
            d=dotted(n.func)
            args=n.args+[k.value for k in n.keywords]
            tainted=any(isinstance(x,ast.Name) and x.id in taint for a in args for x in ast.walk(a))
            if not d or not tainted: continue
            h,_,r=d.partition('.'); full=(imp.get(h,h)+('.'+r if r else ''))
            e=SINKS.get(full)
            if e and not (h in funcs and not r): eff.setdefault(q,set()).add(e)
            if h=='self' and r and '.' in q: cs.add(q.rsplit('.',1)[0]+'.'+r)
            elif d in funcs: cs.add(d)
            elif d+'.__init__' in funcs: cs.add(d+'.__init__')
        calls[q]=cs
    for _ in range(3):
        for q,cs in calls.items():
            for c in cs:
                if c in eff: eff.setdefault(q,set()).update(eff[c])
    for q,e in eff.items():
        e=min(e,key=RANK.index)
        name=q[:-9] if q.endswith('.__init__') else q
        out[mod,name]=e
out={}
for root,base in [a.split('=') for a in sys.argv[2:]]:
    root=pathlib.Path(root)
    files=[root] if root.is_file() else sorted(root.rglob('*.py'))
    for p in files:
        rel=p.relative_to(root if base=='' else root.parent).with_suffix('').parts
        if {'test','tests','site-packages','testing','idlelib','turtledemo','lib2to3','__pycache__'}&set(rel) or any(x.startswith('test_') for x in rel): continue
        if rel[-1]=='__init__': rel=rel[:-1]
        if rel: scan(p,'.'.join(rel),out)
with open(sys.argv[1],'w') as f:
    w=csv.writer(f); w.writerow(['module','qualname','effect','source'])
    for (m,n),e in sorted(out.items()): w.writerow([m,n,e,''])
print(len(out))
